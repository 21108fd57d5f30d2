/* Only what Rust should not say itself. */
#include "shim.h"

#include <stdarg.h>
#include <string.h>

/* Varargs: with the format fixed here, no text from a call or a file can ever become one. */
void callpark_log(switch_log_level_t level, const char *uuid, const char *file, const char *func, int line, const char *text)
{
	switch_log_printf(SWITCH_CHANNEL_ID_LOG, file, func, line, uuid, level, "%s\n", text);
}

/* The functions of a session's media bugs. */
#define MOST_FUNCTIONS 8
struct functions {
	const char *names[MOST_FUNCTIONS];
	unsigned int count;
};

/* Varargs: FreeSWITCH says which media bugs there are only by writing about each, once, with three arguments. What comes
   before and after them has none. */
static switch_status_t note_function(switch_stream_handle_t *stream, const char *format, ...)
{
	struct functions *found = stream->data;
	va_list arguments;

	if (strchr(format, '%')) {
		va_start(arguments, format);
		if (found->count < MOST_FUNCTIONS) {
			found->names[found->count] = va_arg(arguments, const char *);
		}
		found->count++;
		va_end(arguments);
	}
	return SWITCH_STATUS_SUCCESS;
}

static void look_beyond_taps(switch_media_bug_t *bug, void *found)
{
	if (!switch_core_media_bug_test_flag(bug, SMBF_TAP_NATIVE_READ) && !switch_core_media_bug_test_flag(bug, SMBF_TAP_NATIVE_WRITE)) {
		*(switch_bool_t *) found = SWITCH_TRUE;
	}
}

switch_bool_t callpark_has_media_bug(switch_core_session_t *session)
{
	struct functions functions = { { 0 }, 0 };
	switch_stream_handle_t stream = { 0 };
	switch_bool_t found = SWITCH_FALSE;
	unsigned int i;

	stream.data = &functions;
	stream.write_function = note_function;
	switch_core_media_bug_enumerate(session, &stream);
	if (functions.count > MOST_FUNCTIONS) {
		return SWITCH_TRUE;
	}
	/* A name is in the session's memory, and so outlives its media bug. */
	for (i = 0; i < functions.count && !found; i++) {
		/* One that is being removed is not shown, and still counts. */
		if (switch_core_media_bug_exec_all(session, functions.names[i], look_beyond_taps, &found) != SWITCH_STATUS_SUCCESS) {
			found = SWITCH_TRUE;
		}
	}
	return found;
}
