/* A switch in which there is nothing: no channel, no variable, no configuration, and no event can be made. */
#include <stddef.h>

enum { SUCCESS = 0, FALSE_STATUS = 1 };

void *switch_core_session_perform_locate(const char *uuid, const char *file, const char *func, int line)
{
	return NULL;
}

void *switch_core_session_perform_force_locate(const char *uuid, const char *file, const char *func, int line)
{
	return NULL;
}

void *switch_core_session_findall_matching_var(const char *name, const char *value)
{
	return NULL;
}

int switch_event_create_subclass_detailed(const char *file, const char *func, int line, void **event, int id, const char *subclass)
{
	*event = NULL;
	return FALSE_STATUS;
}

void switch_log_printf(int channel, const char *file, const char *func, int line, const char *uuid, int level, const char *format, ...)
{
}

int switch_api_execute(const char *command, const char *arguments, void *session, void *stream)
{
	return FALSE_STATUS;
}

int switch_console_stream_write(void *stream, const char *format, ...)
{
	return SUCCESS;
}

int switch_console_stream_raw_write(void *stream, unsigned char *data, size_t length)
{
	return SUCCESS;
}

char *switch_core_get_domain(int dup)
{
	return NULL;
}

char *switch_core_get_variable_dup(const char *name)
{
	return NULL;
}

void *switch_xml_open_cfg(const char *path, void **node, void *params)
{
	return NULL;
}

int switch_xml_reload(const char **error)
{
	return SUCCESS;
}

int _switch_cache_db_get_db_handle_dsn(void **handle, const char *dsn, const char *file, const char *func, int line)
{
	return FALSE_STATUS;
}

int switch_loadable_module_exists(const char *name)
{
	return FALSE_STATUS;
}

/* NONE: there is no such cause. */
int switch_channel_str2cause(const char *name)
{
	return name[0] == 'N' ? 16 : 0;
}

const char *switch_channel_cause2str(int cause)
{
	return "NORMAL_CLEARING";
}

/* There is no configuration to look at. */
void *switch_xml_root(void)
{
	return 0;
}
