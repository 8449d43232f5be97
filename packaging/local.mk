# SPDX-License-Identifier: Apache-2.0 OR MIT
# Units, the user and the folders go where systemd looks below any prefix it knows (/usr, /usr/local). A distribution
# with another folder sets the variable: make install systemdsystemunitdir=/lib/systemd/system
systemdsystemunitdir = $(prefix)/lib/systemd/system
sysusersdir = $(prefix)/lib/sysusers.d
tmpfilesdir = $(prefix)/lib/tmpfiles.d

nodist_systemdsystemunit_DATA = packaging/systemd/apikeyd.service packaging/systemd/apikeyd-init.service \
	packaging/systemd/apikey-sessiond.service packaging/systemd/apikey-gateway.service
dist_systemdsystemunit_DATA = \
	packaging/systemd/apikeyd-login.socket \
	packaging/systemd/apikeyd-verify.socket \
	packaging/systemd/apikeyd-admin.socket \
	packaging/systemd/apikey-gateway.socket \
	packaging/systemd/apikey-gateway-tls.socket \
	packaging/systemd/apikey-sessiond.socket \
	packaging/systemd/apikey-sessiond-control.socket
dist_sysusers_DATA = packaging/sysusers.d/apikeyd.conf packaging/sysusers.d/apikey-gateway.conf
dist_tmpfiles_DATA = packaging/tmpfiles.d/apikeyd.conf

EXTRA_DIST += \
	packaging/apikeyd.conf packaging/gateway.conf \
	packaging/selinux/apikeyd.te packaging/selinux/apikeyd.fc packaging/selinux/apikeyd.if \
	packaging/systemd/apikeyd.service.in \
	packaging/systemd/apikey-gateway.service.in \
	packaging/systemd/apikey-sessiond.service.in \
	packaging/systemd/apikeyd-init.service.in

# For distributions: what stands in no folder of ours, and Debian's packages.
EXTRA_DIST += \
	packaging/apparmor/apikeyd \
	packaging/build-deb \
	packaging/debian/apikey-gateway.examples \
	packaging/debian/apikey-gateway.install \
	packaging/debian/apikey-gateway.lintian-overrides \
	packaging/debian/apikey-gateway.postinst \
	packaging/debian/apikeyd.README.Debian \
	packaging/debian/apikeyd.docs \
	packaging/debian/apikeyd.install \
	packaging/debian/apikeyd.lintian-overrides \
	packaging/debian/apikeyd.postrm \
	packaging/debian/changelog \
	packaging/debian/control \
	packaging/debian/copyright \
	packaging/debian/libapikey-dev.examples \
	packaging/debian/libapikey-dev.install \
	packaging/debian/libapikey-dev.lintian-overrides \
	packaging/debian/libapikey-sign1.install \
	packaging/debian/libapikey-sign1.lintian-overrides \
	packaging/debian/libapikey-sign1.symbols \
	packaging/debian/libapikey1.install \
	packaging/debian/libapikey1.lintian-overrides \
	packaging/debian/libapikey1.symbols \
	packaging/debian/libpam-apikey.examples \
	packaging/debian/libpam-apikey.install \
	packaging/debian/libpam-apikey.lintian-overrides \
	packaging/debian/libpam-apikey.postinst \
	packaging/debian/libpam-apikey.prerm \
	packaging/debian/not-installed \
	packaging/debian/rules \
	packaging/debian/source/format \
	packaging/fail2ban/filter.d/pam-apikey.conf \
	packaging/fail2ban/jail.d/pam-apikey.conf \
	packaging/pam-configs/apikey

# From the release tarball, into build-deb/ below the build folder, when something has changed.
.PHONY: deb
deb: build-deb/made
build-deb/made: $(DISTFILES)
	$(MAKE) $(AM_MAKEFLAGS) dist
	$(srcdir)/packaging/build-deb $(distdir).tar.xz build-deb
	touch $@
clean-local: clean-deb
.PHONY: clean-deb
clean-deb:
	rm -rf build-deb

# The same for RPM, into build-rpm/.
EXTRA_DIST += packaging/authselect/README.md packaging/build-rpm packaging/rpm/apikeyd.spec
.PHONY: rpm
rpm: dist
	$(srcdir)/packaging/build-rpm $(distdir).tar.xz build-rpm

# The service units name the program by its full path.
SUFFIXES = .service.in .service
.service.in.service:
	$(AM_V_GEN)$(MKDIR_P) $(@D) && $(SED) 's|@sbindir[@]|$(sbindir)|g' $< > $@.new && mv $@.new $@
CLEANFILES += packaging/systemd/apikeyd.service packaging/systemd/apikeyd-init.service \
	packaging/systemd/apikey-sessiond.service packaging/systemd/apikey-gateway.service

# The configuration belongs to the administrator: what is there stays, and only an unchanged one is removed.
configurations = apikeyd.conf gateway.conf
install-data-local: install-configuration
uninstall-local: uninstall-configuration
.PHONY: install-configuration uninstall-configuration

install-configuration:
	$(MKDIR_P) '$(DESTDIR)$(sysconfdir)/apikeyd'
	for file in $(configurations); do \
		test -e '$(DESTDIR)$(sysconfdir)/apikeyd/'$$file || \
		$(INSTALL_DATA) '$(srcdir)/packaging/'$$file '$(DESTDIR)$(sysconfdir)/apikeyd/'$$file || exit; \
	done

uninstall-configuration:
	for file in $(configurations); do \
		if cmp -s '$(srcdir)/packaging/'$$file '$(DESTDIR)$(sysconfdir)/apikeyd/'$$file; then \
			rm -f '$(DESTDIR)$(sysconfdir)/apikeyd/'$$file; \
		fi; \
	done
