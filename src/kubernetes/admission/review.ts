// The AdmissionReview of the Kubernetes API (admission.k8s.io/v1) as far as the webhook uses it: what a request says, and the answer.
// Pure; the object under review stays JSON, its kind decodes it.

import { isJsonObject, JsonFields } from "../typed-fields.ts";

/** The request of a review; texts that are not given are "". */
export interface ReviewRequest {
  readonly uid: string;
  readonly operation: string;
  readonly kind: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subResource: string;
  readonly namespace: string;
  /** Name of the object, also of one whose name is still to be generated. */
  readonly name: string;
  readonly user: string;
  /** null: there is none, as when an object is deleted. */
  readonly object: unknown;
}

/** Why a body is no review. */
export class ReviewFault {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

const MISSING_REQUEST = "Missing review request";

/** Reads a body; the fault's message is the log line. */
export function parseReview(body: string): ReviewRequest | ReviewFault {
  let review: unknown;
  try {
    review = JSON.parse(body);
  } catch (cause) {
    return new ReviewFault(`Failed to parse request: ${(cause as Error).message}`);
  }
  const fields = new JsonFields();
  const request = fields.part(fields.whole(review, "the body"), "request");
  if (fields.fault === "" && request === null) return new ReviewFault(MISSING_REQUEST);
  const object = request?.object ?? null;
  const resource = fields.part(request, "resource");
  const parsed: ReviewRequest = {
    uid: fields.text(request, "uid"),
    operation: fields.text(request, "operation"),
    kind: fields.text(fields.part(request, "kind"), "kind"),
    group: fields.text(resource, "group"),
    version: fields.text(resource, "version"),
    resource: fields.text(resource, "resource"),
    subResource: fields.text(request, "subResource"),
    namespace: fields.text(request, "namespace"),
    name: fields.text(request, "name") || nameOf(object),
    user: fields.text(fields.part(request, "userInfo"), "username"),
    object,
  };
  return fields.fault === "" ? parsed : new ReviewFault(`Failed to parse request: ${fields.fault}`);
}

/** The answer: allowed when there are no faults. */
export function reviewAnswer(uid: string, faults: readonly string[]): string {
  const verdict = faults.length === 0 ? { allowed: true } : { allowed: false, status: { message: faults.join("\n") } };
  return JSON.stringify({
    kind: "AdmissionReview",
    apiVersion: "admission.k8s.io/v1",
    response: { uid, ...verdict },
  });
}

/** The name as the object says it; the API server may still have to complete it. */
function nameOf(object: unknown): string {
  const metadata = isJsonObject(object) && isJsonObject(object.metadata) ? object.metadata : {};
  if (typeof metadata.name === "string" && metadata.name !== "") return metadata.name;
  const begin = metadata.generateName;
  return typeof begin === "string" && begin !== "" ? `${begin}<generated>` : "<unknown>";
}
