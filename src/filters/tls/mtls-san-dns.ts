// mtlsSanDNS: Lets requests pass whose client certificate is for one of these host names. (spec filters 12).

import { rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { alternativeNames } from "./alternative-names.ts";
import { certificateFilter, mtlsDetails } from "./client-certificate.ts";
import { hostName, isCovered } from "./host-names.ts";

export const mtlsSanDNS = defineFilter({
  name: "mtlsSanDNS",
  summary: "Lets requests pass whose client certificate is for one of these host names.",
  details: mtlsDetails,
  args: [rest("host name", hostName, 1)],
  examples: [{ route: '* -> mtlsSanDNS("*.example.org") -> status(204) -> <shunt>', expect: { status: 401 } }],
  create: ([names]) =>
    certificateFilter((own) =>
      alternativeNames(own, "DNS").some((name) => names.some((wanted) => isCovered(name, wanted))),
    ),
});
