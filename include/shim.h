/* What bindgen reads: FreeSWITCH's API (its own headers or ours), and the few functions of src/shim.c. */
#ifndef CALLPARK_SHIM_H
#define CALLPARK_SHIM_H

#ifdef CALLPARK_REAL_HEADERS
#include <switch.h>
#else
#include "freeswitch.h"
#endif

void callpark_log(switch_log_level_t level, const char *uuid, const char *file, const char *func, int line, const char *text);

/* Whether a media bug that is not only a tap listens to the session, or changes what it plays: its audio is decoded then. */
switch_bool_t callpark_has_media_bug(switch_core_session_t *session);

#endif
