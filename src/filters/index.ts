// All filters that ship, sorted by name. The registry is made from this list; a filter that is not here does not exist.

import type { FilterSpec } from "../spec/filter.ts";
import { blockContent } from "./block/block-content.ts";
import { blockContentHex } from "./block/block-content-hex.ts";
import { cache } from "./cache/cache.ts";
import { compress } from "./compress/compress.ts";
import { decompress } from "./compress/decompress.ts";
import { absorb } from "./content/absorb.ts";
import { absorbSilent } from "./content/absorb-silent.ts";
import { healthcheck } from "./content/healthcheck.ts";
import { inlineContent } from "./content/inline-content.ts";
import { inlineContentIfStatus } from "./content/inline-content-if-status.ts";
import { randomContent } from "./content/random-content.ts";
import { repeatContent } from "./content/repeat-content.ts";
import { repeatContentHex } from "./content/repeat-content-hex.ts";
import { setFastCgiFilename } from "./content/set-fast-cgi-filename.ts";
import { status } from "./content/status.ts";
import { tarpit } from "./content/tarpit.ts";
import { wrapContent } from "./content/wrap-content.ts";
import { wrapContentHex } from "./content/wrap-content-hex.ts";
import { dropRequestCookie } from "./cookies/drop-request-cookie.ts";
import { dropResponseCookie } from "./cookies/drop-response-cookie.ts";
import { jsCookie } from "./cookies/js-cookie.ts";
import { requestCookie } from "./cookies/request-cookie.ts";
import { responseCookie } from "./cookies/response-cookie.ts";
import { backendBandwidth } from "./diag/backend-bandwidth.ts";
import { backendChunks } from "./diag/backend-chunks.ts";
import { backendLatency } from "./diag/backend-latency.ts";
import { bandwidth } from "./diag/bandwidth.ts";
import { chunks } from "./diag/chunks.ts";
import { histogramRequestLatency } from "./diag/histogram-request-latency.ts";
import { histogramResponseLatency } from "./diag/histogram-response-latency.ts";
import { latency } from "./diag/latency.ts";
import { normalRequestLatency } from "./diag/normal-request-latency.ts";
import { normalResponseLatency } from "./diag/normal-response-latency.ts";
import { uniformRequestLatency } from "./diag/uniform-request-latency.ts";
import { uniformResponseLatency } from "./diag/uniform-response-latency.ts";
import { setDynamicBackendHost } from "./dynamic-backend/set-dynamic-backend-host.ts";
import { setDynamicBackendHostFromHeader } from "./dynamic-backend/set-dynamic-backend-host-from-header.ts";
import { setDynamicBackendScheme } from "./dynamic-backend/set-dynamic-backend-scheme.ts";
import { setDynamicBackendSchemeFromHeader } from "./dynamic-backend/set-dynamic-backend-scheme-from-header.ts";
import { setDynamicBackendUrl } from "./dynamic-backend/set-dynamic-backend-url.ts";
import { setDynamicBackendUrlFromHeader } from "./dynamic-backend/set-dynamic-backend-url-from-header.ts";
import { loopbackIfStatus } from "./fallback/loopback-if-status.ts";
import { appendContextRequestHeader } from "./headers/append-context-request-header.ts";
import { appendContextResponseHeader } from "./headers/append-context-response-header.ts";
import { appendRequestHeader } from "./headers/append-request-header.ts";
import { appendResponseHeader } from "./headers/append-response-header.ts";
import { copyRequestHeader } from "./headers/copy-request-header.ts";
import { copyResponseHeader } from "./headers/copy-response-header.ts";
import { corsOrigin } from "./headers/cors-origin.ts";
import { decodeBase64RequestHeader } from "./headers/decode-base64-request-header.ts";
import { decodeBase64ResponseHeader } from "./headers/decode-base64-response-header.ts";
import { dropRequestHeader } from "./headers/drop-request-header.ts";
import { dropRequestHeaderRegexp } from "./headers/drop-request-header-regexp.ts";
import { dropResponseHeader } from "./headers/drop-response-header.ts";
import { dropResponseHeaderRegexp } from "./headers/drop-response-header-regexp.ts";
import { encodeBase64RequestHeader } from "./headers/encode-base64-request-header.ts";
import { encodeBase64ResponseHeader } from "./headers/encode-base64-response-header.ts";
import { encodeRequestHeader } from "./headers/encode-request-header.ts";
import { encodeResponseHeader } from "./headers/encode-response-header.ts";
import { flowId } from "./headers/flow-id.ts";
import { modRequestHeader } from "./headers/mod-request-header.ts";
import { modResponseHeader } from "./headers/mod-response-header.ts";
import { requestCopyHeader } from "./headers/request-copy-header.ts";
import { requestHeader } from "./headers/request-header.ts";
import { responseCopyHeader } from "./headers/response-copy-header.ts";
import { responseHeader } from "./headers/response-header.ts";
import { setContextRequestHeader } from "./headers/set-context-request-header.ts";
import { setContextResponseHeader } from "./headers/set-context-response-header.ts";
import { setRequestHeader } from "./headers/set-request-header.ts";
import { setResponseHeader } from "./headers/set-response-header.ts";
import { xforward } from "./headers/xforward.ts";
import { xforwardFirst } from "./headers/xforward-first.ts";
import { backendIsProxy } from "./host/backend-is-proxy.ts";
import { preserveHost } from "./host/preserve-host.ts";
import { rfcHost } from "./host/rfc-host.ts";
import { consistentHashBalanceFactor } from "./loadbalancer/consistent-hash-balance-factor.ts";
import { consistentHashKey } from "./loadbalancer/consistent-hash-key.ts";
import { endpointCreated } from "./loadbalancer/endpoint-created.ts";
import { fadeIn } from "./loadbalancer/fade-in.ts";
import { accessLogDisabled } from "./log/access-log-disabled.ts";
import { auditLog } from "./log/audit-log.ts";
import { disableAccessLog } from "./log/disable-access-log.ts";
import { enableAccessLog } from "./log/enable-access-log.ts";
import { logBody } from "./log/log-body.ts";
import { logHeader } from "./log/log-header.ts";
import { maskAccessLogQuery } from "./log/mask-access-log-query.ts";
import { unverifiedAuditLog } from "./log/unverified-audit-log.ts";
import { lua } from "./lua/lua.ts";
import { annotate } from "./meta/annotate.ts";
import { comment } from "./meta/comment.ts";
import { originMarker } from "./meta/origin-marker.ts";
import { modPath } from "./path/mod-path.ts";
import { rfcPath } from "./path/rfc-path.ts";
import { setPath } from "./path/set-path.ts";
import { dropQuery } from "./query/drop-query.ts";
import { headerToQuery } from "./query/header-to-query.ts";
import { queryToHeader } from "./query/query-to-header.ts";
import { setQuery } from "./query/set-query.ts";
import { stripQuery } from "./query/strip-query.ts";
import { redirect } from "./redirect/redirect.ts";
import { redirectTo } from "./redirect/redirect-to.ts";
import { redirectToLower } from "./redirect/redirect-to-lower.ts";
import { fifo } from "./scheduler/fifo.ts";
import { fifoWithBody } from "./scheduler/fifo-with-body.ts";
import { lifo } from "./scheduler/lifo.ts";
import { lifoGroup } from "./scheduler/lifo-group.ts";
import { lifoGroupWithBody } from "./scheduler/lifo-group-with-body.ts";
import { lifoWithBody } from "./scheduler/lifo-with-body.ts";
import { sed } from "./sed/sed.ts";
import { sedDelim } from "./sed/sed-delim.ts";
import { sedRequest } from "./sed/sed-request.ts";
import { sedRequestDelim } from "./sed/sed-request-delim.ts";
import { staticFiles } from "./static/static-files.ts";
import { deprecatedTee } from "./tee/deprecated-tee.ts";
import { tee } from "./tee/tee.ts";
import { teeLoopback } from "./tee/tee-loopback.ts";
import { teeResponse } from "./tee/tee-response.ts";
import { teenf } from "./tee/teenf.ts";
import { backendTimeout } from "./timeouts/backend-timeout.ts";
import { readTimeout } from "./timeouts/read-timeout.ts";
import { writeTimeout } from "./timeouts/write-timeout.ts";
import { mtlsAuthn } from "./tls/mtls-authn.ts";
import { mtlsCN } from "./tls/mtls-cn.ts";
import { mtlsIssuerDN } from "./tls/mtls-issuer-dn.ts";
import { mtlsSanCIDR } from "./tls/mtls-san-cidr.ts";
import { mtlsSanDNS } from "./tls/mtls-san-dns.ts";
import { mtlsSanIP } from "./tls/mtls-san-ip.ts";
import { mtlsSanURI } from "./tls/mtls-san-uri.ts";
import { tlsPassClientCertificates } from "./tls/tls-pass-client-certificates.ts";
import { stateBagToTag } from "./tracing/state-bag-to-tag.ts";
import { tracingBaggageToTag } from "./tracing/tracing-baggage-to-tag.ts";
import { tracingSpanName } from "./tracing/tracing-span-name.ts";
import { tracingTag } from "./tracing/tracing-tag.ts";
import { tracingTagFromResponse } from "./tracing/tracing-tag-from-response.ts";
import { tracingTagFromResponseIfStatus } from "./tracing/tracing-tag-from-response-if-status.ts";

export const filterSpecs: readonly FilterSpec[] = [
  absorb,
  absorbSilent,
  accessLogDisabled,
  annotate,
  appendContextRequestHeader,
  appendContextResponseHeader,
  appendRequestHeader,
  appendResponseHeader,
  auditLog,
  backendBandwidth,
  backendChunks,
  backendIsProxy,
  backendLatency,
  backendTimeout,
  bandwidth,
  blockContent,
  blockContentHex,
  cache,
  chunks,
  comment,
  compress,
  consistentHashBalanceFactor,
  consistentHashKey,
  copyRequestHeader,
  copyResponseHeader,
  corsOrigin,
  decodeBase64RequestHeader,
  decodeBase64ResponseHeader,
  decompress,
  disableAccessLog,
  dropQuery,
  dropRequestCookie,
  dropRequestHeader,
  dropRequestHeaderRegexp,
  dropResponseCookie,
  dropResponseHeader,
  dropResponseHeaderRegexp,
  enableAccessLog,
  encodeBase64RequestHeader,
  encodeBase64ResponseHeader,
  encodeRequestHeader,
  encodeResponseHeader,
  endpointCreated,
  fadeIn,
  fifo,
  fifoWithBody,
  flowId,
  headerToQuery,
  healthcheck,
  histogramRequestLatency,
  histogramResponseLatency,
  inlineContent,
  inlineContentIfStatus,
  jsCookie,
  latency,
  lifo,
  lifoGroup,
  lifoGroupWithBody,
  lifoWithBody,
  logBody,
  logHeader,
  loopbackIfStatus,
  lua,
  maskAccessLogQuery,
  modPath,
  modRequestHeader,
  modResponseHeader,
  mtlsAuthn,
  mtlsCN,
  mtlsIssuerDN,
  mtlsSanCIDR,
  mtlsSanDNS,
  mtlsSanIP,
  mtlsSanURI,
  normalRequestLatency,
  normalResponseLatency,
  originMarker,
  preserveHost,
  queryToHeader,
  randomContent,
  readTimeout,
  redirect,
  redirectTo,
  redirectToLower,
  repeatContent,
  repeatContentHex,
  requestCookie,
  requestCopyHeader,
  requestHeader,
  responseCookie,
  responseCopyHeader,
  responseHeader,
  rfcHost,
  rfcPath,
  sed,
  sedDelim,
  sedRequest,
  sedRequestDelim,
  setContextRequestHeader,
  setContextResponseHeader,
  setDynamicBackendHost,
  setDynamicBackendHostFromHeader,
  setDynamicBackendScheme,
  setDynamicBackendSchemeFromHeader,
  setDynamicBackendUrl,
  setDynamicBackendUrlFromHeader,
  setFastCgiFilename,
  setPath,
  setQuery,
  setRequestHeader,
  setResponseHeader,
  stateBagToTag,
  staticFiles,
  status,
  stripQuery,
  tarpit,
  deprecatedTee,
  tee,
  teeLoopback,
  teenf,
  teeResponse,
  tlsPassClientCertificates,
  tracingBaggageToTag,
  tracingSpanName,
  tracingTag,
  tracingTagFromResponse,
  tracingTagFromResponseIfStatus,
  uniformRequestLatency,
  uniformResponseLatency,
  unverifiedAuditLog,
  wrapContent,
  wrapContentHex,
  writeTimeout,
  xforward,
  xforwardFirst,
];
