#pragma once

#include "service_notification.h"
#include "event_loop.h"
#include "file_system.h"
