#ifndef MARTLET_COPENSSL_H
#define MARTLET_COPENSSL_H

#include <stddef.h>
#include <stdint.h>

/*
 * What Martlet needs of OpenSSL's libcrypto to judge Authenticode signatures, and nothing more. None of OpenSSL's types is in sight: NIOSSL and
 * swift-crypto carry BoringSSL, whose types have the same names.
 */

/* Who signed, with the certificates that came along; and, of a signature, what was signed. */
typedef struct copenssl_signature copenssl_signature;
/* Certificates that are trusted, by number. */
typedef struct copenssl_anchors copenssl_anchors;

enum copenssl_result {
    COPENSSL_OK = 0,
    /* No signature or timestamp of this kind. */
    COPENSSL_ABSENT,
    COPENSSL_NO_MEMORY,
    /* Not DER of the structure expected, or beyond a limit. */
    COPENSSL_MALFORMED,
    /* Not one signer. */
    COPENSSL_SIGNERS,
    /* A digest or key that proves nothing any more. */
    COPENSSL_WEAK,
    /* The mathematics: the signature is not this signer's, or not of this content. */
    COPENSSL_BAD_SIGNATURE,
    /* The chain: see the text. */
    COPENSSL_UNTRUSTED,
    /* The certificate, or one above it, is not for this purpose. */
    COPENSSL_PURPOSE,
};

enum copenssl_purpose { COPENSSL_CODE_SIGNING, COPENSSL_TIME_STAMPING };

/* Digests that are known, by their bytes of output. */
enum copenssl_digest { COPENSSL_NO_DIGEST = 0, COPENSSL_SHA1 = 20, COPENSSL_SHA256 = 32, COPENSSL_SHA384 = 48, COPENSSL_SHA512 = 64 };

copenssl_anchors *copenssl_anchors_new(void);
void copenssl_anchors_free(copenssl_anchors *anchors);
/* Takes a certificate in DER form; its number is the count of those before it. */
enum copenssl_result copenssl_anchors_add(copenssl_anchors *anchors, const uint8_t *der, size_t length);

/*
 * Reads SignedData of one signer with content of SpcIndirectDataContent, and checks the signature over that content (not what the content says).
 * What follows the DER must be fewer than 8 bytes and zero. Free the result, where it is OK, with copenssl_signature_free.
 */
enum copenssl_result copenssl_signature_read(const uint8_t *der, size_t length, copenssl_signature **signature);
void copenssl_signature_free(copenssl_signature *signature);

/* The content in DER form; it belongs to the signature. */
const uint8_t *copenssl_signature_content(const copenssl_signature *signature, size_t *length);
/* Of the signed attributes. */
enum copenssl_digest copenssl_signature_digest(const copenssl_signature *signature);

/*
 * The timestamp of a signature (RFC 3161, or else a PKCS #9 counter-signature), checked to be over this signature by its signer. Whether that
 * signer is one to trust is for copenssl_chain. `time` is in seconds since 1970.
 */
enum copenssl_result copenssl_signature_timestamp(const copenssl_signature *signature, copenssl_signature **timestamp, int64_t *time);

/* Whether a timestamp names what it is over, or is signed, by SHA-1. */
int copenssl_timestamp_is_by_sha1(const copenssl_signature *timestamp);

/*
 * Builds the chain from the signer's certificate to one of the anchors, as of a time in seconds since 1970.
 *
 * `anchor` is the number of the one it ends at. `is_by_sha1`: a certificate below the anchor is signed with SHA-1; how the anchor itself is
 * signed proves nothing. `text` says why not, for people; it is a constant.
 */
enum copenssl_result copenssl_chain(
    const copenssl_signature *signature, const copenssl_anchors *anchors, enum copenssl_purpose purpose, int64_t time, size_t *anchor,
    int *is_by_sha1, const char **text);

/* Whether the signer's certificate says that a timestamp does not outlive it (Microsoft's lifetime signing, 1.3.6.1.4.1.311.10.3.13). */
int copenssl_is_for_lifetime(const copenssl_signature *signature);

/* Copies a part of the signer's name as UTF-8 with a zero at its end: 0 for the common name, 1 for the organisation. 0 where it does not fit. */
size_t copenssl_name(const copenssl_signature *signature, int part, char *text, size_t size);
/* Whether these bytes are one certificate in DER form. */
enum copenssl_result copenssl_certificate_check(const uint8_t *der, size_t length);
/* A part of the name of a certificate in DER form, as above; 0 where it is none. */
size_t copenssl_certificate_name(const uint8_t *der, size_t length, int part, char *text, size_t size);

#endif
