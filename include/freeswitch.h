/*
 * The part of FreeSWITCH's C API that mod_callpark uses, declared in our own words, so that the module builds on a
 * machine without FreeSWITCH. One module built from this file loads into FreeSWITCH 1.10 and 1.11: everything here has
 * the same size, offset, value and prototype in both. `tests/headers.rs` compares it with the real headers wherever
 * they are installed.
 *
 * Rules: opaque unless a field is read; only constants we name; nothing that differs between the two versions
 * (SWITCH_EVENT_ALL, switch_regex_*).
 */
#ifndef CALLPARK_FREESWITCH_H
#define CALLPARK_FREESWITCH_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* ---- opaque things ---- */
typedef struct switch_core_session switch_core_session_t;
typedef struct switch_channel switch_channel_t;
typedef struct switch_caller_profile switch_caller_profile_t;
typedef struct switch_caller_extension switch_caller_extension_t;
typedef struct switch_frame switch_frame_t;
typedef struct switch_file_handle switch_file_handle_t;
typedef struct switch_codec switch_codec_t;
typedef struct switch_ivr_dmachine switch_ivr_dmachine_t;
typedef struct switch_dial_handle_s switch_dial_handle_t;
typedef struct switch_xml *switch_xml_t;
typedef struct apr_pool_t switch_memory_pool_t;
typedef struct apr_thread_mutex_t switch_mutex_t;
typedef struct apr_thread_rwlock_t switch_thread_rwlock_t;

/* ---- values ---- */
#define SWITCH_API_VERSION 5

typedef enum { SWITCH_FALSE = 0, SWITCH_TRUE = 1 } switch_bool_t;
typedef size_t switch_size_t;

typedef enum {
	SWITCH_STATUS_SUCCESS = 0,
	SWITCH_STATUS_FALSE = 1,
	SWITCH_STATUS_TIMEOUT = 2,
	SWITCH_STATUS_NOOP = 7,
	SWITCH_STATUS_GENERR = 9,
	SWITCH_STATUS_BREAK = 11,
	SWITCH_STATUS_NOTFOUND = 14,
	SWITCH_STATUS_NOUNLOAD = 16,
	SWITCH_STATUS_IGNORE = 17
} switch_status_t;

typedef enum { SWITCH_CHANNEL_ID_LOG = 0 } switch_text_channel_t;

typedef enum {
	SWITCH_LOG_CRIT = 2,
	SWITCH_LOG_ERROR = 3,
	SWITCH_LOG_WARNING = 4,
	SWITCH_LOG_NOTICE = 5,
	SWITCH_LOG_INFO = 6
} switch_log_level_t;

typedef enum {
	CS_NEW = 0,
	CS_INIT = 1,
	CS_ROUTING = 2,
	CS_SOFT_EXECUTE = 3,
	CS_EXECUTE = 4,
	CS_EXCHANGE_MEDIA = 5,
	CS_PARK = 6,
	CS_CONSUME_MEDIA = 7,
	CS_RESET = 9,
	CS_HANGUP = 10,
	CS_DESTROY = 12
} switch_channel_state_t;

typedef enum {
	CF_ANSWERED = 1,
	CF_EARLY_MEDIA = 3,
	CF_TRANSFER = 6,
	CF_REDIRECT = 8,
	CF_BRIDGED = 9,
	CF_HOLD = 10,
	CF_PROXY_MODE = 17,
	CF_SUSPEND = 19,
	CF_EVENT_PARSE = 20,
	CF_BREAK = 23,
	CF_BROADCAST = 24,
	CF_VIDEO = 26,
	CF_RESET = 29,
	CF_ORIGINATING = 30,
	CF_STOP_BROADCAST = 31,
	CF_PROXY_MEDIA = 32,
	CF_MEDIA_ACK = 45,
	CF_RECOVERED = 59,
	CF_RECOVERING = 86,
	CF_RECOVERING_BRIDGE = 87,
	CF_TRACKABLE = 89,
	CF_3P_NOMEDIA_REQUESTED = 140,
	CF_ARRANGED_BRIDGE = 164
} switch_channel_flag_t;

typedef enum { CC_MEDIA_ACK = 1 } switch_channel_cap_t;

typedef enum {
	SWITCH_CAUSE_NONE = 0,
	SWITCH_CAUSE_NORMAL_CLEARING = 16,
	SWITCH_CAUSE_NO_ANSWER = 19,
	SWITCH_CAUSE_CALL_REJECTED = 21,
	SWITCH_CAUSE_ORIGINATOR_CANCEL = 487,
	SWITCH_CAUSE_SYSTEM_SHUTDOWN = 701,
	SWITCH_CAUSE_LOSE_RACE = 702,
	SWITCH_CAUSE_MANAGER_REQUEST = 703,
	SWITCH_CAUSE_BLIND_TRANSFER = 800,
	SWITCH_CAUSE_ATTENDED_TRANSFER = 801
} switch_call_cause_t;

typedef enum { SWITCH_SIG_NONE = 0, SWITCH_SIG_BREAK = 3 } switch_signal_t;
typedef enum { SWITCH_STACK_BOTTOM = 1 } switch_stack_t;
typedef enum { SWITCH_INPUT_TYPE_DTMF = 0, SWITCH_INPUT_TYPE_EVENT = 1 } switch_input_type_t;
typedef enum { SWITCH_APPLICATION_INTERFACE = 4, SWITCH_API_INTERFACE = 5, SWITCH_JSON_API_INTERFACE = 15 } switch_module_interface_name_t;
typedef uint32_t switch_application_flag_t;
typedef uint32_t switch_originate_flag_t;
typedef uint32_t switch_module_flag_t;
typedef enum { SAF_NONE = 0 } switch_application_flag_enum_t;
typedef enum { SOF_NONE = 0 } switch_originate_flag_enum_t;
typedef enum { SMODF_NONE = 0 } switch_module_flag_enum_t;

typedef enum {
	SWITCH_EVENT_CUSTOM = 0,
	SWITCH_EVENT_CLONE = 1, /* a bare one, without the headers every fired event has */
	SWITCH_EVENT_CHANNEL_EXECUTE = 9,
	SWITCH_EVENT_CHANNEL_BRIDGE = 13,
	SWITCH_EVENT_MODULE_LOAD = 34,
	SWITCH_EVENT_PRESENCE_IN = 38,
	SWITCH_EVENT_PRESENCE_PROBE = 41,
	SWITCH_EVENT_TRAP = 51,
	SWITCH_EVENT_RELOADXML = 56,
	SWITCH_EVENT_SEND_MESSAGE = 60,
	SWITCH_EVENT_MEDIA_BUG_START = 82
} switch_event_types_t;

/* ---- events ---- */
typedef struct switch_event_header switch_event_header_t;

/* Only ever made, read and freed by FreeSWITCH; bind_user_data is what switch_event_bind was given. */
typedef struct switch_event {
	switch_event_types_t event_id;
	int priority;
	char *owner;
	char *subclass_name;
	switch_event_header_t *headers;
	switch_event_header_t *last_header;
	char *body;
	void *bind_user_data;
	void *event_user_data;
	unsigned long key;
	struct switch_event *next;
	int flags;
} switch_event_t;

typedef void (*switch_event_callback_t) (switch_event_t *event);

switch_status_t switch_event_create_subclass_detailed(const char *file, const char *func, int line, switch_event_t **event,
													  switch_event_types_t event_id, const char *subclass_name);
switch_status_t switch_event_add_header_string(switch_event_t *event, switch_stack_t stack, const char *header_name, const char *data);
switch_status_t switch_event_set_body(switch_event_t *event, const char *body);
char *switch_event_get_header_idx(switch_event_t *event, const char *header_name, int idx);
switch_status_t switch_event_fire_detailed(const char *file, const char *func, int line, switch_event_t **event, void *user_data);
void switch_event_destroy(switch_event_t **event);
switch_status_t switch_event_bind(const char *id, switch_event_types_t event, const char *subclass_name,
								  switch_event_callback_t callback, void *user_data);
switch_status_t switch_event_unbind_callback(switch_event_callback_t callback);
switch_status_t switch_event_reserve_subclass_detailed(const char *owner, const char *subclass_name);
switch_status_t switch_event_free_subclass_detailed(const char *owner, const char *subclass_name);

/* ---- streams: what an API command answers into ---- */
typedef struct switch_stream_handle switch_stream_handle_t;
typedef uint8_t *(*switch_stream_handle_read_function_t) (switch_stream_handle_t *handle, int *len);
typedef switch_status_t (*switch_stream_handle_write_function_t) (switch_stream_handle_t *handle, const char *fmt, ...);
typedef switch_status_t (*switch_stream_handle_raw_write_function_t) (switch_stream_handle_t *handle, uint8_t *data, switch_size_t datalen);

struct switch_stream_handle {
	switch_stream_handle_read_function_t read_function;
	switch_stream_handle_write_function_t write_function;
	switch_stream_handle_raw_write_function_t raw_write_function;
	void *data;
	void *end;
	switch_size_t data_size;
	switch_size_t data_len;
	switch_size_t alloc_len;
	switch_size_t alloc_chunk;
	switch_event_t *param_event;
};

switch_status_t switch_console_stream_raw_write(switch_stream_handle_t *handle, uint8_t *data, switch_size_t datalen);
switch_status_t switch_console_stream_write(switch_stream_handle_t *handle, const char *fmt, ...);
/* Runs an API command; what it answers is in stream->data, which may have been reallocated. */
switch_status_t switch_api_execute(const char *cmd, const char *arg, switch_core_session_t *session, switch_stream_handle_t *stream);

/* ---- a module and its interfaces ---- */
typedef struct switch_loadable_module_interface switch_loadable_module_interface_t;
typedef void (*switch_application_function_t) (switch_core_session_t *session, const char *data);
typedef switch_status_t (*switch_api_function_t) (const char *cmd, switch_core_session_t *session, switch_stream_handle_t *stream);

typedef struct switch_application_interface {
	const char *interface_name;
	switch_application_function_t application_function;
	const char *long_desc;
	const char *short_desc;
	const char *syntax;
	uint32_t flags;
	switch_thread_rwlock_t *rwlock;
	int refs;
	switch_mutex_t *reflock;
	switch_loadable_module_interface_t *parent;
	struct switch_application_interface *next;
} switch_application_interface_t;

typedef struct switch_api_interface {
	const char *interface_name;
	const char *desc;
	switch_api_function_t function;
	const char *syntax;
	switch_thread_rwlock_t *rwlock;
	int refs;
	switch_mutex_t *reflock;
	switch_loadable_module_interface_t *parent;
	struct switch_api_interface *next;
} switch_api_interface_t;

typedef struct cJSON cJSON;
typedef switch_status_t (*switch_json_api_function_t) (const cJSON *json, switch_core_session_t *session, cJSON **json_reply);

typedef struct switch_json_api_interface {
	const char *interface_name;
	const char *desc;
	switch_json_api_function_t function;
	const char *syntax;
	switch_thread_rwlock_t *rwlock;
	int refs;
	switch_mutex_t *reflock;
	switch_loadable_module_interface_t *parent;
	struct switch_json_api_interface *next;
} switch_json_api_interface_t;

typedef switch_status_t (*switch_module_load_t) (switch_loadable_module_interface_t **module_interface, switch_memory_pool_t *pool);
typedef switch_status_t (*switch_module_runtime_t) (void);
typedef switch_status_t (*switch_module_shutdown_t) (void);

typedef struct switch_loadable_module_function_table {
	int switch_api_version;
	switch_module_load_t load;
	switch_module_shutdown_t shutdown;
	switch_module_runtime_t runtime;
	switch_module_flag_t flags;
} switch_loadable_module_function_table_t;

switch_loadable_module_interface_t *switch_loadable_module_create_module_interface(switch_memory_pool_t *pool, const char *name);
void *switch_loadable_module_create_interface(switch_loadable_module_interface_t *mod, switch_module_interface_name_t iname);
switch_status_t switch_loadable_module_exists(const char *mod);

/* ---- log ---- */
void switch_log_printf(switch_text_channel_t channel, const char *file, const char *func, int line, const char *userdata,
					   switch_log_level_t level, const char *fmt, ...);

/* ---- sessions ---- */
switch_core_session_t *switch_core_session_perform_locate(const char *uuid_str, const char *file, const char *func, int line);
/* Also one that has hung up and is not destroyed yet. */
switch_core_session_t *switch_core_session_perform_force_locate(const char *uuid_str, const char *file, const char *func, int line);
void switch_core_session_rwunlock(switch_core_session_t *session);
switch_channel_t *switch_core_session_get_channel(switch_core_session_t *session);
char *switch_core_session_get_uuid(switch_core_session_t *session);
switch_bool_t switch_core_session_in_thread(switch_core_session_t *session);
/* Takes the event over; the session's own thread carries it out, after what has been signalled to it before. */
switch_status_t switch_core_session_queue_private_event(switch_core_session_t *session, switch_event_t **event, switch_bool_t priority);
switch_status_t switch_core_session_wake_session_thread(switch_core_session_t *session);
switch_status_t switch_core_session_perform_kill_channel(switch_core_session_t *session, const char *file, const char *func,
														 int line, switch_signal_t sig);

typedef int64_t switch_time_t;
/* The applications a session has run, oldest first; grows for as long as the session lives. */
typedef struct switch_app_log {
	char *app;
	char *arg;
	switch_time_t stamp;
	struct switch_app_log *next;
} switch_app_log_t;
switch_app_log_t *switch_core_session_get_app_log(switch_core_session_t *session);
switch_status_t switch_core_session_execute_application_get_flags(switch_core_session_t *session, const char *app, const char *arg,
																  int32_t *flags);

/* What one part of a session tells another. */
#define MESSAGE_STRING_ARG_MAX 10
typedef enum {
	SWITCH_MESSAGE_INDICATE_BRIDGE = 5,
	SWITCH_MESSAGE_INDICATE_UNBRIDGE = 6,
	SWITCH_MESSAGE_INDICATE_RESPOND = 17,
	SWITCH_MESSAGE_INDICATE_DISPLAY = 22
} switch_core_session_message_types_t;
typedef uint32_t switch_core_session_message_flag_t;
typedef struct switch_core_session_message {
	char *from;
	switch_core_session_message_types_t message_id;
	int numeric_arg;
	const char *string_arg;
	switch_size_t string_arg_size;
	void *pointer_arg;
	switch_size_t pointer_arg_size;
	int numeric_reply;
	char *string_reply;
	switch_size_t string_reply_size;
	void *pointer_reply;
	switch_size_t pointer_reply_size;
	switch_core_session_message_flag_t flags;
	const char *_file;
	const char *_func;
	int _line;
	const char *string_array_arg[MESSAGE_STRING_ARG_MAX];
	time_t delivery_time;
} switch_core_session_message_t;
switch_status_t switch_core_session_perform_receive_message(switch_core_session_t *session, switch_core_session_message_t *message,
															const char *file, const char *func, int line);

/* ---- what is done with every session that changes its state ---- */
typedef switch_status_t (*switch_state_handler_t) (switch_core_session_t *session);

typedef struct switch_state_handler_table {
	switch_state_handler_t on_init;
	switch_state_handler_t on_routing;
	switch_state_handler_t on_execute;
	switch_state_handler_t on_hangup;
	switch_state_handler_t on_exchange_media;
	switch_state_handler_t on_soft_execute;
	switch_state_handler_t on_consume_media;
	switch_state_handler_t on_hibernate;
	switch_state_handler_t on_reset;
	switch_state_handler_t on_park;
	switch_state_handler_t on_reporting;
	switch_state_handler_t on_destroy;
	int flags;
	void *padding[10];
} switch_state_handler_table_t;

int switch_core_add_state_handler(const switch_state_handler_table_t *state_handler);
void switch_core_remove_state_handler(const switch_state_handler_table_t *state_handler);

/* ---- databases that FreeSWITCH keeps open ---- */
typedef struct switch_cache_db_handle switch_cache_db_handle_t;
typedef int (*switch_core_db_callback_func_t) (void *pArg, int argc, char **argv, char **columnNames);

switch_status_t _switch_cache_db_get_db_handle_dsn(switch_cache_db_handle_t **dbh, const char *dsn, const char *file, const char *func,
												   int line);
void switch_cache_db_release_db_handle(switch_cache_db_handle_t **dbh);
switch_status_t switch_cache_db_execute_sql_callback(switch_cache_db_handle_t *dbh, const char *sql,
													 switch_core_db_callback_func_t callback, void *pdata, char **err);

/* ---- channels ---- */
switch_status_t switch_channel_get_variables(switch_channel_t *channel, switch_event_t **event);
const char *switch_channel_get_variable_dup(switch_channel_t *channel, const char *varname, switch_bool_t dup, int idx);
switch_status_t switch_channel_set_variable_var_check(switch_channel_t *channel, const char *varname, const char *value,
													  switch_bool_t var_check);
void switch_channel_set_scope_variables(switch_channel_t *channel, switch_event_t **event);
char *switch_channel_expand_variables_check(switch_channel_t *channel, const char *in, switch_event_t *var_list,
											switch_event_t *api_list, uint32_t recur);
char *switch_channel_get_name(switch_channel_t *channel);
uint32_t switch_channel_test_flag(switch_channel_t *channel, switch_channel_flag_t flag);
uint32_t switch_channel_test_cap(switch_channel_t *channel, switch_channel_cap_t cap);
void switch_channel_set_flag_value(switch_channel_t *channel, switch_channel_flag_t flag, uint32_t value);
void switch_channel_clear_flag(switch_channel_t *channel, switch_channel_flag_t flag);
int switch_channel_test_ready(switch_channel_t *channel, switch_bool_t check_ready, switch_bool_t check_media);
switch_status_t switch_channel_perform_answer(switch_channel_t *channel, const char *file, const char *func, int line);
switch_channel_state_t switch_channel_perform_hangup(switch_channel_t *channel, const char *file, const char *func, int line,
													 switch_call_cause_t hangup_cause);
switch_call_cause_t switch_channel_get_cause(switch_channel_t *channel);
switch_call_cause_t switch_channel_str2cause(const char *str);
const char *switch_channel_cause2str(switch_call_cause_t cause);
switch_channel_state_t switch_channel_get_state(switch_channel_t *channel);
switch_channel_state_t switch_channel_get_running_state(switch_channel_t *channel);
switch_channel_state_t switch_channel_perform_set_state(switch_channel_t *channel, const char *file, const char *func, int line,
														switch_channel_state_t state);
void switch_channel_step_caller_profile(switch_channel_t *channel);
switch_status_t switch_channel_set_profile_var(switch_channel_t *channel, const char *name, const char *val);
void switch_channel_event_set_data(switch_channel_t *channel, switch_event_t *event);
const char *switch_channel_get_partner_uuid(switch_channel_t *channel);
void switch_channel_clear_state_handler(switch_channel_t *channel, const switch_state_handler_table_t *state_handler);
switch_caller_extension_t *switch_caller_extension_new(switch_core_session_t *session, const char *extension_name,
													   const char *extension_number);
void switch_caller_extension_add_application(switch_core_session_t *session, switch_caller_extension_t *caller_extension,
											 const char *application_name, const char *extra_data);
void switch_channel_set_caller_extension(switch_channel_t *channel, switch_caller_extension_t *caller_extension);

/* Runs on the thread that changes a channel's state, before the channel's own can enter it. */
typedef switch_status_t (*switch_state_change_hook_t) (switch_core_session_t *session);
switch_status_t switch_core_event_hook_add_state_change(switch_core_session_t *session, switch_state_change_hook_t state_change);

/* Runs on the thread that gives a session a message. */
typedef switch_status_t (*switch_receive_message_hook_t) (switch_core_session_t *session, switch_core_session_message_t *message);
switch_status_t switch_core_event_hook_add_receive_message(switch_core_session_t *session, switch_receive_message_hook_t receive_message);

/* ---- audio: files and streams, codecs, frames ---- */
typedef struct switch_file_interface switch_file_interface_t;
typedef struct apr_file_t switch_file_t;
typedef struct switch_buffer switch_buffer_t;
typedef struct switch_audio_resampler switch_audio_resampler_t;
typedef struct switch_codec_interface switch_codec_interface_t;
typedef struct switch_codec_implementation switch_codec_implementation_t;
typedef union switch_codec_settings switch_codec_settings_t;
typedef struct payload_map_s payload_map_t;
typedef struct vpx_image switch_image_t;
typedef struct switch_media_bug switch_media_bug_t;
typedef uint8_t switch_byte_t;
typedef uint8_t switch_payload_t;
typedef uint32_t switch_codec_flag_t;
typedef uint32_t switch_frame_flag_t;
typedef uint32_t switch_io_flag_t;

typedef struct switch_mm_s {
	int samplerate;
	int channels;
	int keyint;
	int ab;
	int vb;
	int vw;
	int vh;
	int cbr;
	float fps;
	float source_fps;
	int source_kps;
	int vbuf;
	int vprofile;
	int vencspd;
	uint8_t try_hardware_encoder;
	int scale_w;
	int scale_h;
	int fmt;
	char *auth_username;
	char *auth_password;
} switch_mm_t;

/* Made of zeros by us, filled in and emptied by FreeSWITCH. */
struct switch_file_handle {
	switch_file_interface_t *file_interface;
	uint32_t flags;
	switch_file_t *fd;
	unsigned int samples;
	uint32_t samplerate;
	uint32_t native_rate;
	uint32_t channels;
	uint32_t real_channels;
	unsigned int format;
	unsigned int sections;
	int seekable;
	switch_size_t sample_count;
	int speed;
	switch_memory_pool_t *memory_pool;
	uint32_t prebuf;
	uint32_t interval;
	void *private_info;
	char *handler;
	int64_t pos;
	switch_buffer_t *audio_buffer;
	switch_buffer_t *sp_audio_buffer;
	uint32_t thresh;
	uint32_t silence_hits;
	uint32_t offset_pos;
	switch_size_t samples_in;
	switch_size_t samples_out;
	int32_t vol;
	int32_t volgranular;
	switch_audio_resampler_t *resampler;
	switch_buffer_t *buffer;
	switch_byte_t *dbuf;
	switch_size_t dbuflen;
	switch_buffer_t *pre_buffer;
	unsigned char *pre_buffer_data;
	switch_size_t pre_buffer_datalen;
	const char *file;
	const char *func;
	int line;
	char *file_path;
	char *spool_path;
	const char *prefix;
	int max_samples;
	switch_event_t *params;
	uint32_t cur_channels;
	uint32_t cur_samplerate;
	char *stream_name;
	char *modname;
	switch_mm_t mm;
	switch_mutex_t *flag_mutex;
	int64_t duration;
	int64_t vpos;
	void *muxbuf;
	switch_size_t muxlen;
};

typedef enum {
	SWITCH_FILE_FLAG_READ = 1,
	SWITCH_FILE_DATA_SHORT = 8,
	SWITCH_FILE_NATIVE = 512,
	SWITCH_FILE_BREAK_ON_CHANGE = 262144
} switch_file_flag_enum_t;

switch_status_t switch_core_perform_file_open(const char *file, const char *func, int line, switch_file_handle_t *fh,
											  const char *file_path, uint32_t channels, uint32_t rate, unsigned int flags,
											  switch_memory_pool_t *pool);
/* len: samples of each channel. data must have room for them with the channels that the file itself has. */
switch_status_t switch_core_file_read(switch_file_handle_t *fh, void *data, switch_size_t *len);
switch_status_t switch_core_file_close(switch_file_handle_t *fh);

typedef enum { SCC_VIDEO_GEN_KEYFRAME = 0 } switch_codec_control_command_t;
typedef enum { SCCT_NONE = 0 } switch_codec_control_type_t;
typedef switch_status_t (*switch_core_codec_init_func_t) (switch_codec_t *, switch_codec_flag_t,
														  const switch_codec_settings_t *codec_settings);
typedef switch_status_t (*switch_core_codec_encode_func_t) (switch_codec_t *codec, switch_codec_t *other_codec, void *decoded_data,
															uint32_t decoded_data_len, uint32_t decoded_rate, void *encoded_data,
															uint32_t *encoded_data_len, uint32_t *encoded_rate, unsigned int *flag);
typedef switch_status_t (*switch_core_codec_decode_func_t) (switch_codec_t *codec, switch_codec_t *other_codec, void *encoded_data,
															uint32_t encoded_data_len, uint32_t encoded_rate, void *decoded_data,
															uint32_t *decoded_data_len, uint32_t *decoded_rate, unsigned int *flag);
typedef switch_status_t (*switch_core_codec_video_encode_func_t) (switch_codec_t *codec, switch_frame_t *frame);
typedef switch_status_t (*switch_core_codec_video_decode_func_t) (switch_codec_t *codec, switch_frame_t *frame);
typedef switch_status_t (*switch_core_codec_control_func_t) (switch_codec_t *codec, switch_codec_control_command_t cmd,
															 switch_codec_control_type_t ctype, void *cmd_data,
															 switch_codec_control_type_t atype, void *cmd_arg,
															 switch_codec_control_type_t *rtype, void **ret_data);
typedef switch_status_t (*switch_core_codec_destroy_func_t) (switch_codec_t *);

/* One of the ways in which a codec can be used; they live as long as the codec's module. */
struct switch_codec_implementation {
	int codec_type;
	switch_payload_t ianacode;
	char *iananame;
	char *fmtp;
	uint32_t samples_per_second;
	uint32_t actual_samples_per_second;
	int bits_per_second;
	int microseconds_per_packet;
	uint32_t samples_per_packet;
	uint32_t decoded_bytes_per_packet;
	uint32_t encoded_bytes_per_packet;
	uint8_t number_of_channels;
	int codec_frames_per_packet;
	switch_core_codec_init_func_t init;
	switch_core_codec_encode_func_t encode;
	switch_core_codec_decode_func_t decode;
	switch_core_codec_video_encode_func_t encode_video;
	switch_core_codec_video_decode_func_t decode_video;
	switch_core_codec_control_func_t codec_control;
	switch_core_codec_destroy_func_t destroy;
	uint32_t codec_id;
	uint32_t impl_id;
	char *modname;
	switch_codec_implementation_t *next;
};

typedef enum {
	SWITCH_CODEC_FLAG_ENCODE = 1,
	SWITCH_CODEC_FLAG_DECODE = 2,
	SWITCH_CODEC_FLAG_PASSTHROUGH = 128,
	SWITCH_CODEC_FLAG_HAS_ADJ_BITRATE = 16384
} switch_codec_flag_enum_t;

/* Made of zeros by us and initialised by FreeSWITCH, or a session's own. */
struct switch_codec {
	switch_codec_interface_t *codec_interface;
	const switch_codec_implementation_t *implementation;
	char *fmtp_in;
	char *fmtp_out;
	uint32_t flags;
	switch_memory_pool_t *memory_pool;
	void *private_info;
	switch_payload_t agreed_pt;
	switch_mutex_t *mutex;
	switch_codec_t *next;
	switch_core_session_t *session;
	switch_frame_t *cur_frame;
};

switch_status_t switch_core_codec_init_with_bitrate(switch_codec_t *codec, const char *codec_name, const char *modname, const char *fmtp,
													uint32_t rate, int ms, int channels, uint32_t bitrate, uint32_t flags,
													const switch_codec_settings_t *codec_settings, switch_memory_pool_t *pool);
switch_status_t switch_core_codec_encode(switch_codec_t *codec, switch_codec_t *other_codec, void *decoded_data, uint32_t decoded_data_len,
										 uint32_t decoded_rate, void *encoded_data, uint32_t *encoded_data_len, uint32_t *encoded_rate,
										 unsigned int *flag);
switch_status_t switch_core_codec_destroy(switch_codec_t *codec);
/* Belongs to the session, and only its own thread may look at it. */
switch_codec_t *switch_core_session_get_write_codec(switch_core_session_t *session);
switch_codec_t *switch_core_session_get_read_codec(switch_core_session_t *session);

typedef struct switch_frame_geometry {
	int32_t w;
	int32_t h;
	int32_t x;
	int32_t y;
	int32_t z;
	int32_t M;
	int32_t X;
} switch_frame_geometry_t;

struct switch_frame {
	switch_codec_t *codec;
	const char *source;
	void *packet;
	uint32_t packetlen;
	void *extra_data;
	void *data;
	uint32_t datalen;
	uint32_t buflen;
	uint32_t samples;
	uint32_t rate;
	uint32_t channels;
	switch_payload_t payload;
	uint32_t timestamp;
	uint16_t seq;
	uint32_t ssrc;
	switch_bool_t m;
	switch_frame_flag_t flags;
	void *user_data;
	payload_map_t *pmap;
	switch_image_t *img;
	switch_frame_geometry_t geometry;
};

typedef enum {
	SFF_CNG = 1,
	SFF_RFC2833 = 16,
	SFF_NOT_AUDIO = 256
} switch_frame_flag_enum_t;
typedef enum { SWITCH_IO_FLAG_NONE = 0 } switch_io_flag_enum_t;

switch_status_t switch_core_session_write_frame(switch_core_session_t *session, switch_frame_t *frame, switch_io_flag_t flags, int stream_id);

typedef enum {
	SMBF_TAP_NATIVE_READ = 8192,
	SMBF_TAP_NATIVE_WRITE = 16384,
	SMBF_MASK = 65536,
	SMBF_PAUSE = 134217728
} switch_media_bug_flag_enum_t;
typedef void (*switch_media_bug_exec_cb_t) (switch_media_bug_t *bug, void *user_data);
uint32_t switch_core_media_bug_test_flag(switch_media_bug_t *bug, uint32_t flag);
uint32_t switch_core_media_bug_set_flag(switch_media_bug_t *bug, uint32_t flag);
uint32_t switch_core_media_bug_clear_flag(switch_media_bug_t *bug, uint32_t flag);
switch_status_t switch_core_media_bug_exec_all(switch_core_session_t *orig_session, const char *function, switch_media_bug_exec_cb_t cb,
											   void *user_data);
switch_status_t switch_core_media_bug_enumerate(switch_core_session_t *session, switch_stream_handle_t *stream);

/* ---- doing things with calls ---- */
typedef switch_status_t (*switch_input_callback_function_t) (switch_core_session_t *session, void *input,
															 switch_input_type_t input_type, void *buf, unsigned int buflen);
typedef switch_status_t (*switch_read_frame_callback_function_t) (switch_core_session_t *session, switch_frame_t *frame, void *user_data);

typedef enum {
	SWITCH_DTMF_UNKNOWN = 0
} switch_dtmf_source_t;

typedef struct {
	char digit;
	uint32_t duration;
	int32_t flags;
	switch_dtmf_source_t source;
} switch_dtmf_t;

typedef enum {
	SWITCH_DTMF_RECV = 0
} switch_dtmf_direction_t;
typedef switch_status_t (*switch_recv_dtmf_hook_t) (switch_core_session_t *session, const switch_dtmf_t *dtmf, switch_dtmf_direction_t direction);
switch_status_t switch_core_event_hook_add_recv_dtmf(switch_core_session_t *session, switch_recv_dtmf_hook_t recv_dtmf);

typedef struct {
	switch_input_callback_function_t input_callback;
	void *buf;
	uint32_t buflen;
	switch_read_frame_callback_function_t read_frame_callback;
	void *user_data;
	switch_ivr_dmachine_t *dmachine;
	int loops;
} switch_input_args_t;

switch_status_t switch_ivr_play_file(switch_core_session_t *session, switch_file_handle_t *fh, const char *file, switch_input_args_t *args);
/* Reads frames, and answers keys and requests, until a callback says otherwise; timeouts in ms, 0: none. */
switch_status_t switch_ivr_collect_digits_callback(switch_core_session_t *session, switch_input_args_t *args, uint32_t digit_timeout,
												   uint32_t abs_timeout);
switch_status_t switch_ivr_sleep(switch_core_session_t *session, uint32_t ms, switch_bool_t sync, switch_input_args_t *args);
switch_status_t switch_ivr_inband_dtmf_session(switch_core_session_t *session);
switch_status_t switch_ivr_stop_inband_dtmf_session(switch_core_session_t *session);
switch_status_t switch_ivr_phrase_macro_event(switch_core_session_t *session, const char *macro_name, const char *data,
											  switch_event_t *event, const char *lang, switch_input_args_t *args);
switch_status_t switch_play_and_get_digits(switch_core_session_t *session, uint32_t min_digits, uint32_t max_digits,
										   uint32_t max_tries, uint32_t timeout, const char *valid_terminators,
										   const char *audio_file, const char *bad_input_audio_file, const char *var_name,
										   char *digit_buffer, uint32_t digit_buffer_length, const char *digits_regex,
										   uint32_t digit_timeout, const char *transfer_on_failure);
switch_status_t switch_ivr_multi_threaded_bridge(switch_core_session_t *session, switch_core_session_t *peer_session,
												 switch_input_callback_function_t dtmf_callback, void *session_data,
												 void *peer_session_data);
switch_status_t switch_ivr_bridge_bleg(switch_core_session_t *session, switch_core_session_t *peer_session, uint32_t max_wait_ms);
switch_status_t switch_ivr_unhold(switch_core_session_t *session);
switch_status_t switch_ivr_session_transfer(switch_core_session_t *session, const char *extension, const char *dialplan,
											const char *context);
switch_status_t switch_ivr_transfer_recordings(switch_core_session_t *orig_session, switch_core_session_t *new_session);
switch_status_t switch_ivr_displace_session(switch_core_session_t *session, const char *file, uint32_t limit, const char *flags);
switch_status_t switch_ivr_blind_transfer_ack(switch_core_session_t *session, switch_bool_t success);
switch_status_t switch_ivr_originate(switch_core_session_t *session, switch_core_session_t **bleg, switch_call_cause_t *cause,
									 const char *bridgeto, uint32_t timelimit_sec, const switch_state_handler_table_t *table,
									 const char *cid_name_override, const char *cid_num_override,
									 switch_caller_profile_t *caller_profile_override, switch_event_t *ovars,
									 switch_originate_flag_t flags, switch_call_cause_t *cancel_cause, switch_dial_handle_t *dh);

/* ---- XML, console, globals ---- */
switch_xml_t switch_xml_open_cfg(const char *file_path, switch_xml_t *node, switch_event_t *params);
char *switch_xml_toxml_ex(switch_xml_t xml, switch_bool_t prn_header, switch_bool_t use_utf8_encoding);
switch_xml_t switch_xml_root(void);
switch_xml_t switch_xml_find_child(switch_xml_t node, const char *childname, const char *attrname, const char *value);
cJSON *cJSON_Parse(const char *value);
char *cJSON_PrintUnformatted(const cJSON *item);
void switch_xml_free(switch_xml_t xml);
switch_status_t switch_xml_reload(const char **err);

typedef struct switch_console_callback_match_node {
	char *val;
	struct switch_console_callback_match_node *next;
} switch_console_callback_match_node_t;
typedef struct switch_console_callback_match {
	struct switch_console_callback_match_node *head;
	struct switch_console_callback_match_node *end;
	int count;
	int dynamic;
} switch_console_callback_match_t;
void switch_console_free_matches(switch_console_callback_match_t **matches);
/* The uuids of all channels that are up and have that variable with that value; to be freed. */
switch_console_callback_match_t *switch_core_session_findall_matching_var(const char *var_name, const char *var_val);
typedef switch_status_t (*switch_console_complete_callback_t) (const char *, const char *, switch_console_callback_match_t **matches);
switch_status_t switch_console_set_complete(const char *string);
switch_status_t switch_console_add_complete_func(const char *name, switch_console_complete_callback_t cb);
switch_status_t switch_console_del_complete_func(const char *name);
void switch_console_push_match(switch_console_callback_match_t **matches, const char *new_val);

/* malloc'd, or NULL */
char *switch_core_get_domain(switch_bool_t dup);
const char *switch_core_get_switchname(void);
char *switch_core_get_variable_dup(const char *varname);

typedef uint32_t switch_core_flag_t;
typedef enum { SCF_NO_NEW_INBOUND_SESSIONS = 4, SCF_SHUTTING_DOWN = 8 } switch_core_flag_enum_t;
switch_core_flag_t switch_core_flags(void);

/* Writes down what `sofia recover` needs to bring the call back after a crash. May sleep for seconds. */
void switch_core_recovery_track(switch_core_session_t *session);

#endif
