/* What bindgen reads: FreeSWITCH's API (its own headers or ours), and the few functions of src/shim.c. */
#ifndef CALLPARK_SHIM_H
#define CALLPARK_SHIM_H

#ifdef CALLPARK_REAL_HEADERS
#include <switch.h>
#else
#include "freeswitch.h"
#endif

void callpark_log(switch_log_level_t level, const char *uuid, const char *file, const char *func, int line, const char *text);

#endif
