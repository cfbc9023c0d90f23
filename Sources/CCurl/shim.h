#pragma once
// Makes `CURL`, `CURLM` and `CURLSH` distinct types, so that Swift imports them as opaque pointers instead of `void *`.
#define CURL_STRICTER
#include <curl/curl.h>

// Swift cannot call variadic functions: one small typed door for each kind of argument. The parentheses around the function's
// name keep curl's type-checking macros out, which want to see a constant option.

static inline CURLcode ccurl_easy_set_long(CURL *easy, CURLoption option, long value) {
    return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode ccurl_easy_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode ccurl_easy_set_string(CURL *easy, CURLoption option, const char *value) {
    return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode ccurl_easy_set_pointer(CURL *easy, CURLoption option, const void *value) {
    return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode ccurl_easy_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return (curl_easy_setopt)(easy, option, value);
}

static inline CURLcode ccurl_easy_set_share(CURL *easy, CURLSH *share) {
    return (curl_easy_setopt)(easy, CURLOPT_SHARE, share);
}

static inline CURLcode ccurl_easy_set_write(CURL *easy, CURLoption option, curl_write_callback callback) {
    return (curl_easy_setopt)(easy, option, callback);
}

static inline CURLcode ccurl_easy_set_read(CURL *easy, curl_read_callback callback) {
    return (curl_easy_setopt)(easy, CURLOPT_READFUNCTION, callback);
}

static inline CURLcode ccurl_easy_set_progress(CURL *easy, curl_xferinfo_callback callback) {
    return (curl_easy_setopt)(easy, CURLOPT_XFERINFOFUNCTION, callback);
}

static inline CURLcode ccurl_easy_set_prerequest(CURL *easy, curl_prereq_callback callback) {
    return (curl_easy_setopt)(easy, CURLOPT_PREREQFUNCTION, callback);
}

static inline CURLcode ccurl_easy_set_opensocket(CURL *easy, curl_opensocket_callback callback) {
    return (curl_easy_setopt)(easy, CURLOPT_OPENSOCKETFUNCTION, callback);
}

static inline CURLcode ccurl_easy_get_long(CURL *easy, CURLINFO info, long *value) {
    return (curl_easy_getinfo)(easy, info, value);
}

static inline CURLcode ccurl_easy_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
    return (curl_easy_getinfo)(easy, info, value);
}

static inline CURLcode ccurl_easy_get_string(CURL *easy, CURLINFO info, const char **value) {
    return (curl_easy_getinfo)(easy, info, value);
}

static inline CURLcode ccurl_easy_get_certificates(CURL *easy, struct curl_certinfo **value) {
    return (curl_easy_getinfo)(easy, CURLINFO_CERTINFO, value);
}

static inline CURLcode ccurl_easy_get_private(CURL *easy, void **value) {
    return (curl_easy_getinfo)(easy, CURLINFO_PRIVATE, value);
}

static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return (curl_multi_setopt)(multi, option, value);
}

static inline CURLMcode ccurl_multi_set_pointer(CURLM *multi, CURLMoption option, void *value) {
    return (curl_multi_setopt)(multi, option, value);
}

static inline CURLMcode ccurl_multi_set_socket(CURLM *multi, curl_socket_callback callback) {
    return (curl_multi_setopt)(multi, CURLMOPT_SOCKETFUNCTION, callback);
}

static inline CURLMcode ccurl_multi_set_timer(CURLM *multi, curl_multi_timer_callback callback) {
    return (curl_multi_setopt)(multi, CURLMOPT_TIMERFUNCTION, callback);
}

static inline CURLSHcode ccurl_share_set(CURLSH *share, CURLSHoption option, curl_lock_data data) {
    return (curl_share_setopt)(share, option, data);
}
