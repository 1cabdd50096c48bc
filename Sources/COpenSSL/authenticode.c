#include "COpenSSL.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pkcs7.h>
#include <openssl/ts.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

/* More than any real signature has. */
enum { MOST_CERTIFICATES = 64, MOST_ATTRIBUTES = 64, DEPTH = 10, LEAST_RSA_BITS = 1024, LEAST_EC_BITS = 224 };

static const char OID_INDIRECT_DATA[] = "1.3.6.1.4.1.311.2.1.4";
static const char OID_MICROSOFT_TIMESTAMP[] = "1.3.6.1.4.1.311.3.3.1";
static const char OID_LIFETIME[] = "1.3.6.1.4.1.311.10.3.13";

struct copenssl_signature {
    PKCS7 *p7;              /* of which `info` and `certificates` are a part; NULL of a timestamp */
    PKCS7_SIGNER_INFO *info; /* NULL of a token */
    int owns_info;
    STACK_OF(X509) *certificates; /* borrowed from p7, or owned where p7 is NULL */
    X509 *signer;           /* one of them */
    int is_by_sha1;         /* a digest that a timestamp is made of */
    const uint8_t *content;
    size_t content_length;
    const uint8_t *content_der; /* with its tag and length */
    size_t content_der_length;
};

struct copenssl_anchors {
    STACK_OF(X509) *certificates;
};

static int is_object(const ASN1_OBJECT *object, const char *oid) {
    char text[80];
    int length = OBJ_obj2txt(text, sizeof text, object, 1);
    return length > 0 && (size_t)length < sizeof text && strcmp(text, oid) == 0;
}

static const EVP_MD *known_digest(const X509_ALGOR *algorithm) {
    const ASN1_OBJECT *object = NULL;
    if (algorithm == NULL) return NULL;
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    switch (OBJ_obj2nid(object)) {
    case NID_sha1: return EVP_sha1();
    case NID_sha256: return EVP_sha256();
    case NID_sha384: return EVP_sha384();
    case NID_sha512: return EVP_sha512();
    default: return NULL;
    }
}

/* Without parameters, or with NULL. */
static int is_plain(const X509_ALGOR *algorithm) {
    int type = V_ASN1_UNDEF;
    X509_ALGOR_get0(NULL, &type, NULL, algorithm);
    return type == V_ASN1_UNDEF || type == V_ASN1_NULL;
}

static int is_weak_key(X509 *certificate) {
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    if (key == NULL) return 1;
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: return EVP_PKEY_get_bits(key) < LEAST_RSA_BITS;
    case EVP_PKEY_EC: return EVP_PKEY_get_bits(key) < LEAST_EC_BITS;
    default: return 1;
    }
}

/* SHA-1 does not count as weak here: whether it is, is a matter of when it was used. */
static int is_weakly_signed(const X509 *certificate, int *is_by_sha1) {
    int digest = NID_undef;
    if (!X509_get_signature_info((X509 *)certificate, &digest, NULL, NULL, NULL)) return 1;
    switch (digest) {
    case NID_sha1: *is_by_sha1 = 1; return 0;
    case NID_sha256:
    case NID_sha384:
    case NID_sha512: return 0;
    default: return 1;
    }
}

/* Anchors */

copenssl_anchors *copenssl_anchors_new(void) {
    copenssl_anchors *anchors = OPENSSL_zalloc(sizeof *anchors);
    if (anchors == NULL) return NULL;
    anchors->certificates = sk_X509_new_null();
    if (anchors->certificates == NULL) {
        OPENSSL_free(anchors);
        return NULL;
    }
    return anchors;
}

void copenssl_anchors_free(copenssl_anchors *anchors) {
    if (anchors == NULL) return;
    sk_X509_pop_free(anchors->certificates, X509_free);
    OPENSSL_free(anchors);
}

static X509 *read_certificate(const uint8_t *der, size_t length) {
    if (length == 0 || length > LONG_MAX) return NULL;
    const uint8_t *at = der;
    X509 *certificate = d2i_X509(NULL, &at, (long)length);
    if (certificate != NULL && at != der + length) {
        X509_free(certificate);
        certificate = NULL;
    }
    ERR_clear_error();
    return certificate;
}

enum copenssl_result copenssl_anchors_add(copenssl_anchors *anchors, const uint8_t *der, size_t length) {
    X509 *certificate = read_certificate(der, length);
    if (certificate == NULL) return COPENSSL_MALFORMED;
    if (!sk_X509_push(anchors->certificates, certificate)) {
        X509_free(certificate);
        return COPENSSL_NO_MEMORY;
    }
    return COPENSSL_OK;
}

/* Signatures */

static X509 *find_signer(STACK_OF(X509) *certificates, PKCS7_SIGNER_INFO *info) {
    PKCS7_ISSUER_AND_SERIAL *name = info->issuer_and_serial;
    if (certificates == NULL || name == NULL) return NULL;
    return X509_find_by_issuer_and_serial(certificates, name->issuer, name->serial);
}

/* Whether the signed attributes of `info` name `content` by its digest and its type, and the signature over them is the signer's. */
static enum copenssl_result check(PKCS7 *p7, PKCS7_SIGNER_INFO *info, X509 *signer, const uint8_t *content, size_t length, const char *type) {
    const EVP_MD *digest = known_digest(info->digest_alg);
    if (digest == NULL || is_weak_key(signer)) return COPENSSL_WEAK;
    int attributes = sk_X509_ATTRIBUTE_num(info->auth_attr);
    if (attributes <= 0 || attributes > MOST_ATTRIBUTES || length > INT_MAX) return COPENSSL_MALFORMED;
    if (type != NULL) {
        ASN1_TYPE *said = PKCS7_get_signed_attribute(info, NID_pkcs9_contentType);
        if (said == NULL || said->type != V_ASN1_OBJECT || !is_object(said->value.object, type)) return COPENSSL_MALFORMED;
    }
    enum copenssl_result result = COPENSSL_NO_MEMORY;
    BIO *source = BIO_new_mem_buf(length > 0 ? (const void *)content : (const void *)"", (int)length);
    BIO *hash = BIO_new(BIO_f_md());
    if (source != NULL && hash != NULL && BIO_set_md(hash, digest) > 0) {
        BIO_push(hash, source);
        char buffer[4096];
        while (BIO_read(hash, buffer, sizeof buffer) > 0) {}
        result = PKCS7_signatureVerify(hash, p7, info, signer) == 1 ? COPENSSL_OK : COPENSSL_BAD_SIGNATURE;
        BIO_pop(hash);
    }
    BIO_free(hash);
    BIO_free(source);
    ERR_clear_error();
    return result;
}

/* Whether the signature's algorithm, which nothing covers, is that of the signer's key and of the digest. */
static int is_of_key(PKCS7_SIGNER_INFO *info, X509 *signer) {
    const ASN1_OBJECT *object = NULL;
    int digest = NID_undef, kind = NID_undef;
    int key = EVP_PKEY_get_base_id(X509_get0_pubkey(signer));
    X509_ALGOR_get0(&object, NULL, NULL, info->digest_enc_alg);
    int name = OBJ_obj2nid(object);
    if (!is_plain(info->digest_enc_alg)) return 0;
    if (name == key) return 1;
    return OBJ_find_sigid_algs(name, &digest, &kind) && kind == key && digest == EVP_MD_get_type(known_digest(info->digest_alg));
}

static PKCS7 *read_signed_data(const uint8_t *der, size_t length, size_t *used) {
    if (length == 0 || length > LONG_MAX) return NULL;
    const uint8_t *at = der;
    PKCS7 *p7 = d2i_PKCS7(NULL, &at, (long)length);
    ERR_clear_error();
    if (p7 == NULL) return NULL;
    *used = (size_t)(at - der);
    if (!PKCS7_type_is_signed(p7) || p7->d.sign == NULL || p7->d.sign->contents == NULL
        || sk_X509_num(p7->d.sign->cert) > MOST_CERTIFICATES) {
        PKCS7_free(p7);
        return NULL;
    }
    return p7;
}

/* The value of an element that fills `length` bytes. */
static const uint8_t *value_of(const uint8_t *der, size_t length, int tag, size_t *value_length) {
    const uint8_t *at = der;
    long long_length = 0;
    int found = 0, class = 0;
    if (length > LONG_MAX) return NULL;
    int flags = ASN1_get_object(&at, &long_length, &found, &class, (long)length);
    /* 0x80 is an error, 1 an indefinite length. */
    if (flags & 0x81 || found != tag || class != V_ASN1_UNIVERSAL || long_length < 0 || at + long_length != der + length) {
        ERR_clear_error();
        return NULL;
    }
    *value_length = (size_t)long_length;
    return at;
}

enum copenssl_result copenssl_signature_read(const uint8_t *der, size_t length, copenssl_signature **out) {
    size_t used = 0;
    PKCS7 *p7 = read_signed_data(der, length, &used);
    if (p7 == NULL) return COPENSSL_MALFORMED;
    enum copenssl_result result = COPENSSL_MALFORMED;
    copenssl_signature *signature = OPENSSL_zalloc(sizeof *signature);
    if (signature == NULL) {
        PKCS7_free(p7);
        return COPENSSL_NO_MEMORY;
    }
    signature->p7 = p7;
    /* What follows is no part of what was signed, and would be a place to hide something. */
    if (length - used >= 8) goto failed;
    for (size_t position = used; position < length; position++)
        if (der[position] != 0) goto failed;
    PKCS7 *contents = p7->d.sign->contents;
    if (!is_object(contents->type, OID_INDIRECT_DATA)) goto failed;
    ASN1_TYPE *other = contents->d.other;
    if (other == NULL || other->type != V_ASN1_SEQUENCE || other->value.sequence->length < 2) goto failed;
    signature->content_der = other->value.sequence->data;
    signature->content_der_length = (size_t)other->value.sequence->length;
    signature->content = value_of(signature->content_der, signature->content_der_length, V_ASN1_SEQUENCE, &signature->content_length);
    if (signature->content == NULL) goto failed;
    result = COPENSSL_SIGNERS;
    STACK_OF(PKCS7_SIGNER_INFO) *signers = PKCS7_get_signer_info(p7);
    if (sk_PKCS7_SIGNER_INFO_num(signers) != 1) goto failed;
    result = COPENSSL_MALFORMED;
    /* Nothing covers these; they repeat what the signer says, or are no signature of Authenticode. */
    STACK_OF(X509_ALGOR) *digests = p7->d.sign->md_algs;
    if (ASN1_INTEGER_get(p7->d.sign->version) != 1 || ASN1_INTEGER_get(sk_PKCS7_SIGNER_INFO_value(signers, 0)->version) != 1
        || sk_X509_ALGOR_num(digests) != 1 || !is_plain(sk_X509_ALGOR_value(digests, 0))
        || !is_plain(sk_PKCS7_SIGNER_INFO_value(signers, 0)->digest_alg)
        || known_digest(sk_X509_ALGOR_value(digests, 0)) != known_digest(sk_PKCS7_SIGNER_INFO_value(signers, 0)->digest_alg))
        goto failed;
    result = COPENSSL_SIGNERS;
    signature->info = sk_PKCS7_SIGNER_INFO_value(signers, 0);
    signature->certificates = p7->d.sign->cert;
    signature->signer = find_signer(signature->certificates, signature->info);
    if (signature->signer == NULL) goto failed;
    result = check(p7, signature->info, signature->signer, signature->content, signature->content_length, OID_INDIRECT_DATA);
    if (result != COPENSSL_OK) goto failed;
    result = COPENSSL_MALFORMED;
    if (!is_of_key(signature->info, signature->signer)) goto failed;
    *out = signature;
    return COPENSSL_OK;
failed:
    copenssl_signature_free(signature);
    return result;
}

void copenssl_signature_free(copenssl_signature *signature) {
    if (signature == NULL) return;
    if (signature->owns_info) PKCS7_SIGNER_INFO_free(signature->info);
    if (signature->p7 != NULL)
        PKCS7_free(signature->p7);
    else
        sk_X509_pop_free(signature->certificates, X509_free);
    OPENSSL_free(signature);
}

const uint8_t *copenssl_signature_content(const copenssl_signature *signature, size_t *length) {
    *length = signature->content_der_length;
    return signature->content_der;
}

enum copenssl_digest copenssl_signature_digest(const copenssl_signature *signature) {
    const EVP_MD *digest = signature->info == NULL ? NULL : known_digest(signature->info->digest_alg);
    return digest == NULL ? COPENSSL_NO_DIGEST : (enum copenssl_digest)EVP_MD_get_size(digest);
}

/* Timestamps */

static int seconds_since_1970(const ASN1_TIME *time, int64_t *seconds) {
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, rest = 0;
    int isDone = epoch != NULL && time != NULL && ASN1_TIME_diff(&days, &rest, epoch, time);
    ASN1_TIME_free(epoch);
    if (isDone) *seconds = (int64_t)days * 86400 + rest;
    ERR_clear_error();
    return isDone;
}

static X509_ATTRIBUTE *unsigned_attribute(PKCS7_SIGNER_INFO *info, const char *oid) {
    int count = sk_X509_ATTRIBUTE_num(info->unauth_attr);
    for (int index = 0; index < count && index < MOST_ATTRIBUTES; index++) {
        X509_ATTRIBUTE *attribute = sk_X509_ATTRIBUTE_value(info->unauth_attr, index);
        if (is_object(X509_ATTRIBUTE_get0_object(attribute), oid)) return attribute;
    }
    return NULL;
}

/*
 * A token of RFC 3161 over the bytes of a signature. It is read as CMS: Microsoft's have certificates of kinds that PKCS #7 does not know.
 */
static enum copenssl_result read_token(const ASN1_STRING *der, const ASN1_OCTET_STRING *signed_bytes, copenssl_signature **out, int64_t *time) {
    enum copenssl_result result = COPENSSL_MALFORMED;
    TS_TST_INFO *info = NULL;
    copenssl_signature *token = NULL;
    const uint8_t *at = der->data;
    if (der->length <= 0) return result;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, der->length);
    if (cms == NULL || at != der->data + der->length) goto failed;
    const ASN1_OBJECT *kind = CMS_get0_type(cms), *type = CMS_get0_eContentType(cms);
    if (kind == NULL || OBJ_obj2nid(kind) != NID_pkcs7_signed || type == NULL || OBJ_obj2nid(type) != NID_id_smime_ct_TSTInfo) goto failed;
    ASN1_OCTET_STRING **content = CMS_get0_content(cms);
    if (content == NULL || *content == NULL || (*content)->length <= 0) goto failed;
    at = (*content)->data;
    info = d2i_TS_TST_INFO(NULL, &at, (*content)->length);
    if (info == NULL || at != (*content)->data + (*content)->length) goto failed;

    TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
    const EVP_MD *digest = known_digest(TS_MSG_IMPRINT_get_algo(imprint));
    ASN1_OCTET_STRING *said = TS_MSG_IMPRINT_get_msg(imprint);
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned int hash_length = 0;
    result = COPENSSL_WEAK;
    if (digest == NULL) goto failed;
    result = COPENSSL_NO_MEMORY;
    if (!EVP_Digest(signed_bytes->data, (size_t)signed_bytes->length, hash, &hash_length, digest, NULL)) goto failed;
    result = COPENSSL_BAD_SIGNATURE;
    if (said == NULL || said->length != (int)hash_length || CRYPTO_memcmp(said->data, hash, hash_length) != 0) goto failed;
    result = COPENSSL_MALFORMED;
    if (!seconds_since_1970(TS_TST_INFO_get_time(info), time)) goto failed;

    result = COPENSSL_SIGNERS;
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
    if (sk_CMS_SignerInfo_num(signers) != 1) goto failed;
    CMS_SignerInfo *signer = sk_CMS_SignerInfo_value(signers, 0);
    X509_ALGOR *digest_algorithm = NULL;
    CMS_SignerInfo_get0_algs(signer, NULL, NULL, &digest_algorithm, NULL);
    token = OPENSSL_zalloc(sizeof *token);
    if (token == NULL) goto failed;
    token->certificates = CMS_get1_certs(cms);
    int count = sk_X509_num(token->certificates);
    if (count <= 0 || count > MOST_CERTIFICATES) goto failed;
    for (int index = 0; index < count && token->signer == NULL; index++)
        if (CMS_SignerInfo_cert_cmp(signer, sk_X509_value(token->certificates, index)) == 0)
            token->signer = sk_X509_value(token->certificates, index);
    if (token->signer == NULL) goto failed;
    result = COPENSSL_WEAK;
    if (known_digest(digest_algorithm) == NULL || is_weak_key(token->signer)) goto failed;
    token->is_by_sha1 = digest == EVP_sha1() || known_digest(digest_algorithm) == EVP_sha1();
    result = COPENSSL_MALFORMED;
    int attributes = CMS_signed_get_attr_count(signer);
    if (attributes <= 0 || attributes > MOST_ATTRIBUTES) goto failed;
    result = COPENSSL_BAD_SIGNATURE;
    /* The chain is looked at as of the time that the token says: by copenssl_chain. */
    if (CMS_verify(cms, NULL, NULL, NULL, NULL, CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY) != 1) goto failed;
    result = COPENSSL_OK;
    *out = token;
    token = NULL;
failed:
    TS_TST_INFO_free(info);
    CMS_ContentInfo_free(cms);
    copenssl_signature_free(token);
    ERR_clear_error();
    return result;
}

/* A counter-signature of PKCS #9 over the bytes of a signature, with the time it says among its signed attributes. */
static enum copenssl_result read_counter_signature(
    const copenssl_signature *signature, const ASN1_STRING *der, copenssl_signature **out, int64_t *time) {
    const uint8_t *at = der->data;
    if (der->length <= 0) return COPENSSL_MALFORMED;
    PKCS7_SIGNER_INFO *info = d2i_PKCS7_SIGNER_INFO(NULL, &at, der->length);
    ERR_clear_error();
    if (info == NULL) return COPENSSL_MALFORMED;
    copenssl_signature *counter = OPENSSL_zalloc(sizeof *counter);
    if (counter == NULL) {
        PKCS7_SIGNER_INFO_free(info);
        return COPENSSL_NO_MEMORY;
    }
    counter->info = info;
    counter->owns_info = 1;
    enum copenssl_result result = COPENSSL_MALFORMED;
    if (at != der->data + der->length) goto failed;
    result = COPENSSL_NO_MEMORY;
    counter->certificates = X509_chain_up_ref(signature->certificates);
    if (counter->certificates == NULL) goto failed;
    result = COPENSSL_SIGNERS;
    counter->signer = find_signer(counter->certificates, info);
    if (counter->signer == NULL) goto failed;
    result = COPENSSL_MALFORMED;
    ASN1_TYPE *said = PKCS7_get_signed_attribute(info, NID_pkcs9_signingTime);
    if (said == NULL || (said->type != V_ASN1_UTCTIME && said->type != V_ASN1_GENERALIZEDTIME)) goto failed;
    if (!seconds_since_1970(said->value.asn1_string, time)) goto failed;
    const ASN1_OCTET_STRING *bytes = signature->info->enc_digest;
    /* Not every old timestamp names the type of its content; the messageDigest does say what it is. */
    result = check(signature->p7, info, counter->signer, bytes->data, (size_t)bytes->length, NULL);
    if (result != COPENSSL_OK) goto failed;
    counter->is_by_sha1 = known_digest(info->digest_alg) == EVP_sha1();
    *out = counter;
    return COPENSSL_OK;
failed:
    copenssl_signature_free(counter);
    return result;
}

enum copenssl_result copenssl_signature_timestamp(const copenssl_signature *signature, copenssl_signature **timestamp, int64_t *time) {
    if (signature->info == NULL || signature->p7 == NULL) return COPENSSL_ABSENT;
    if (signature->info->enc_digest == NULL || signature->info->enc_digest->length <= 0) return COPENSSL_MALFORMED;
    X509_ATTRIBUTE *attribute = unsigned_attribute(signature->info, OID_MICROSOFT_TIMESTAMP);
    int isToken = attribute != NULL;
    if (!isToken) attribute = unsigned_attribute(signature->info, "1.2.840.113549.1.9.6");
    if (attribute == NULL) return COPENSSL_ABSENT;
    ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attribute, 0);
    if (value == NULL || value->type != V_ASN1_SEQUENCE) return COPENSSL_MALFORMED;
    return isToken ? read_token(value->value.sequence, signature->info->enc_digest, timestamp, time)
                   : read_counter_signature(signature, value->value.sequence, timestamp, time);
}

/* Chains */

/* 1 for a certificate that is for a purpose; `unless_stated` where it says nothing of purposes. */
static int is_for(X509 *certificate, const char *oid, int any_will_do, int unless_stated) {
    int critical = 0;
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(certificate, NID_ext_key_usage, &critical, NULL);
    ERR_clear_error();
    /* -1: there is none. */
    if (usage == NULL) return critical == -1 ? unless_stated : 0;
    int found = 0;
    for (int index = 0; index < sk_ASN1_OBJECT_num(usage) && !found; index++) {
        const ASN1_OBJECT *object = sk_ASN1_OBJECT_value(usage, index);
        found = is_object(object, oid) || (any_will_do && OBJ_obj2nid(object) == NID_anyExtendedKeyUsage);
    }
    EXTENDED_KEY_USAGE_free(usage);
    return found;
}

int copenssl_timestamp_is_by_sha1(const copenssl_signature *timestamp) { return timestamp->is_by_sha1; }

int copenssl_is_for_lifetime(const copenssl_signature *signature) { return is_for(signature->signer, OID_LIFETIME, 0, 0); }

static enum copenssl_result check_uses(STACK_OF(X509) *chain, enum copenssl_purpose purpose, int *is_by_sha1, const char **text) {
    const char *oid = purpose == COPENSSL_CODE_SIGNING ? "1.3.6.1.5.5.7.3.3" : "1.3.6.1.5.5.7.3.8";
    int count = sk_X509_num(chain);
    for (int index = 0; index < count; index++) {
        X509 *certificate = sk_X509_value(chain, index);
        if (index == 0) {
            if (!is_for(certificate, oid, 0, 0) || !(X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE)) {
                *text = "the signer's certificate is not for this purpose";
                return COPENSSL_PURPOSE;
            }
        } else if (index < count - 1 && !is_for(certificate, oid, 1, 1)) {
            *text = "a certificate of the chain is not for this purpose";
            return COPENSSL_PURPOSE;
        }
        /* How an anchor is signed proves nothing: it is trusted by itself. */
        if (is_weak_key(certificate) || (index < count - 1 && is_weakly_signed(certificate, is_by_sha1))) {
            *text = "a key or signature of the chain is too weak";
            return COPENSSL_WEAK;
        }
    }
    return COPENSSL_OK;
}

enum copenssl_result copenssl_chain(
    const copenssl_signature *signature, const copenssl_anchors *anchors, enum copenssl_purpose purpose, int64_t time, size_t *anchor,
    int *is_by_sha1, const char **text) {
    enum copenssl_result result = COPENSSL_NO_MEMORY;
    *text = "no memory";
    *is_by_sha1 = 0;
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (store == NULL || context == NULL) goto done;
    for (int index = 0; index < sk_X509_num(anchors->certificates); index++)
        if (!X509_STORE_add_cert(store, sk_X509_value(anchors->certificates, index))) goto done;
    if (!X509_STORE_CTX_init(context, store, signature->signer, signature->certificates)) goto done;
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
    /* An anchor need not be a root: a publisher's certificate is trusted by itself. */
    X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
    X509_VERIFY_PARAM_set_depth(parameters, DEPTH);
    X509_VERIFY_PARAM_set_time(parameters, (time_t)time);
    if (X509_verify_cert(context) != 1) {
        *text = X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
        result = COPENSSL_UNTRUSTED;
        goto done;
    }
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
    result = check_uses(chain, purpose, is_by_sha1, text);
    if (result != COPENSSL_OK) goto done;
    X509 *end = sk_X509_value(chain, sk_X509_num(chain) - 1);
    result = COPENSSL_UNTRUSTED;
    *text = "the chain ends at no anchor";
    for (int index = 0; index < sk_X509_num(anchors->certificates); index++) {
        if (X509_cmp(end, sk_X509_value(anchors->certificates, index)) == 0) {
            *anchor = (size_t)index;
            result = COPENSSL_OK;
            break;
        }
    }
done:
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    ERR_clear_error();
    return result;
}

/* Names */

static size_t name_part(X509 *certificate, int part, char *text, size_t size) {
    X509_NAME *name = X509_get_subject_name(certificate);
    int index = X509_NAME_get_index_by_NID(name, part == 0 ? NID_commonName : NID_organizationName, -1);
    if (index < 0) return 0;
    unsigned char *utf8 = NULL;
    int length = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
    ERR_clear_error();
    if (length < 0) return 0;
    size_t count = 0;
    if ((size_t)length < size) {
        memcpy(text, utf8, (size_t)length);
        text[length] = 0;
        count = (size_t)length;
    }
    OPENSSL_free(utf8);
    return count;
}

size_t copenssl_name(const copenssl_signature *signature, int part, char *text, size_t size) {
    return name_part(signature->signer, part, text, size);
}

size_t copenssl_certificate_name(const uint8_t *der, size_t length, int part, char *text, size_t size) {
    X509 *certificate = read_certificate(der, length);
    if (certificate == NULL) return 0;
    size_t count = name_part(certificate, part, text, size);
    X509_free(certificate);
    return count;
}

enum copenssl_result copenssl_certificate_check(const uint8_t *der, size_t length) {
    X509 *certificate = read_certificate(der, length);
    if (certificate == NULL) return COPENSSL_MALFORMED;
    X509_free(certificate);
    return COPENSSL_OK;
}
