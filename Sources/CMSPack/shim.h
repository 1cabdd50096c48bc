#include <mspack.h>

/* libmspack's calls to the outside, and what they are made for. */
struct cmspack_system {
    struct mspack_system system;
    void *context;
};

/* What the library would say to a person. Swift cannot write a function of variable arguments, and libmspack wants one. */
static void cmspack_no_message(struct mspack_file *file, const char *format, ...) {
    (void)file;
    (void)format;
}

static inline void cmspack_ignore_messages(struct mspack_system *system) { system->message = cmspack_no_message; }
