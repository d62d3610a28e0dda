// Options that single filters read (spec filters); a filter's declaration names them.

import { CODINGS } from "../http/content-coding.ts";
import { option } from "./option.ts";
import { bool, duration, int, list, string } from "./option-kinds.ts";

export const filterOptions = [
  option(
    "compress-encodings",
    list(...CODINGS),
    [],
    "Encodings of compress() in order of preference. Empty: gzip, deflate, br, zstd.",
  ),
  option(
    "cache-second-level-urls",
    list(),
    [],
    "Redis or Valkey servers in which cache() keeps responses for all proxies that name the same, as redis://[user:password@]host[:port][/database], with TLS rediss:// (or valkey://, valkeys://). Keys are spread over them. Empty: each proxy keeps its own only.",
  ),
  option(
    "cache-second-level-timeout",
    duration,
    50,
    "How long a miss of cache() waits for the second level, and an answer to an unsafe request for what it removes there.",
  ),
  option("max-matcher-buffer-size", int, 2_097_152, "Bytes of a request body that blockContent() holds back."),
  option("mtls-authn-ca", string, "", "Files with the certificates that mtlsAuthn() trusts (PEM), comma separated."),
  option("mtls-authn-append-ca", bool, false, "mtlsAuthn() trusts the certificates of the system too."),
  option("enable-lua", bool, false, "Allows lua()."),
  option(
    "lua-modules",
    list(),
    [],
    "Libraries that scripts of lua() see, as `module` or `module.symbol`, `none` for none. Empty: all.",
  ),
  option(
    "lua-sources",
    list(),
    [],
    "Where scripts of lua() may come from: `file`, `inline`, `none`, or folders, which allow files that lie in them. Empty: file,inline.",
  ),
  option(
    "lua-max-instructions",
    int,
    5_000_000,
    "Instructions that one call of a function of lua() may take. At least 1000.",
  ),
  option(
    "lua-max-memory",
    int,
    16_777_216,
    "Bytes that the values of one interpreter of lua() may take, about. At least 1048576.",
  ),
  option("max-audit-body", int, 1024, "Bytes of a request body that auditLog() shows. 0: none; negative: all."),
] as const;
