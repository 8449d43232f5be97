# SPDX-License-Identifier: Apache-2.0 OR MIT
# All of the module but its entry points is a library, so that tests call the same objects.
noinst_LTLIBRARIES += pam_module/libmodule.la
pam_module_libmodule_la_SOURCES = \
	pam_module/call.c pam_module/call.h \
	pam_module/conversation.c pam_module/conversation.h \
	pam_module/credential.c pam_module/credential.h \
	pam_module/grant.c pam_module/grant.h \
	pam_module/log.c pam_module/log.h \
	pam_module/options.c pam_module/options.h \
	pam_module/result.c pam_module/result.h \
	pam_module/rotate.c pam_module/rotate.h \
	pam_module/user.c pam_module/user.h

pam_LTLIBRARIES += pam_module/pam_apikey.la
pam_module_pam_apikey_la_SOURCES = pam_module/pam_apikey.c
# lib/libapikey-core.la brings proto and common along. What the module does not call of them is left out of it.
pam_module_pam_apikey_la_LIBADD = pam_module/libmodule.la lib/libapikey-core.la $(PAM_LIBS)
pam_module_pam_apikey_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared \
	-Wl,--version-script=$(top_srcdir)/pam_module/pam_apikey.map -Wl,-z,defs -Wl,--gc-sections
EXTRA_pam_module_pam_apikey_la_DEPENDENCIES = pam_module/pam_apikey.map
EXTRA_DIST += pam_module/pam_apikey.map

dist_man_MANS += pam_module/pam_apikey.8

# PAM loads the .so by its name; libtool's own file has no business in that folder.
install-data-hook: pam-module-install-hook
uninstall-hook: pam-module-uninstall-hook
.PHONY: pam-module-install-hook pam-module-uninstall-hook
pam-module-install-hook:
	rm -f $(DESTDIR)$(pamdir)/pam_apikey.la
pam-module-uninstall-hook:
	rm -f $(DESTDIR)$(pamdir)/pam_apikey.so
