/* NVIDIA's driver library in small: two devices, whose handles are other numbers than their indices. FAKE_CUDA names a call that fails, and its code. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int started, retained, contexts[2];
static int *current;

static int fails(const char *call)
{
    const char *set = getenv("FAKE_CUDA");
    size_t length = strlen(call);
    return set && !strncmp(set, call, length) && set[length] == '=' ? atoi(set + length + 1) : 0;
}

static int known(int device) { return started && (device == 40 || device == 41); }

#define BEGIN(ok) do { int code = fails(__func__); if (code) return code; if (!(ok)) return 101; } while (0)

int cuInit(unsigned int flags) { BEGIN(flags == 0); started = 1; return 0; }
int cuDriverGetVersion(int *version) { BEGIN(1); *version = 12080; return 0; }
int cuDeviceGetCount(int *count) { BEGIN(started); *count = 2; return 0; }
int cuDeviceGet(int *device, int index) { BEGIN(started && index >= 0 && index < 2); *device = 40 + index; return 0; }
int cuDeviceGetName(char *name, int length, int device) { BEGIN(known(device)); snprintf(name, length, "Fake GPU %d", device - 40); return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { BEGIN(known(device)); *bytes = 85899345920ul + device; return 0; }

int cuDeviceGetAttribute(int *value, int attribute, int device)
{
    BEGIN(known(device));
    switch (attribute) {
    case 75: *value = 9; return 0;
    case 76: *value = device - 40; return 0;
    case 16: *value = 132; return 0;
    case 13: *value = 1980000; return 0;
    default: return 1;
    }
}

int cuDevicePrimaryCtxRetain(void **context, int device) { BEGIN(known(device)); *context = &contexts[device - 40]; retained++; return 0; }
int cuDevicePrimaryCtxRelease_v2(int device) { BEGIN(known(device)); retained--; return 0; }
int cuCtxPushCurrent_v2(void *context) { BEGIN(!current); current = context; return 0; }
int cuCtxPopCurrent_v2(void **context) { BEGIN(current); *context = current; current = NULL; return 0; }
int cuMemGetInfo_v2(size_t *free, size_t *total) { BEGIN(current); *free = 70000000000ul + (current - contexts); *total = 85000000000ul; return 0; }

int cuGetErrorName(int code, const char **name)
{
    *name = code == 2 ? "CUDA_ERROR_OUT_OF_MEMORY" : code == 100 ? "CUDA_ERROR_NO_DEVICE" : NULL;
    return *name ? 0 : 1;
}

/* What a caller has not given back. */
int fakeHeld(void) { return retained + (current != NULL); }
