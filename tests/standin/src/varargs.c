/* The functions with varargs, which Rust cannot define. */
#include "freeswitch.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void standin_log(int level, const char *file, int line, const char *uuid, const char *text);

/* Exported as switch_log_printf: see log.rs. */
void standin_log_printf(switch_text_channel_t channel, const char *file, const char *func, int line, const char *userdata,
						switch_log_level_t level, const char *fmt, ...)
{
	char text[4096];
	va_list ap;

	(void) channel;
	(void) func;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	standin_log((int) level, file, line, userdata, text);
}

/* The write_function of a stream. */
switch_status_t standin_stream_write(switch_stream_handle_t *handle, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int length;

	va_start(ap, fmt);
	length = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (length < 0 || !(text = malloc((size_t) length + 1))) {
		return SWITCH_STATUS_FALSE;
	}
	va_start(ap, fmt);
	vsnprintf(text, (size_t) length + 1, fmt, ap);
	va_end(ap);
	handle->raw_write_function(handle, (uint8_t *) text, (switch_size_t) length);
	free(text);
	return SWITCH_STATUS_SUCCESS;
}
