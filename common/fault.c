/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common/fault.h"

#include <stdarg.h>
#include <stdio.h>

int fault_tell(int error, char *ret_fault, size_t fault_size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(ret_fault, fault_size, format, arguments);
	va_end(arguments);
	return error;
}
