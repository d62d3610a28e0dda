// The AdmissionReview of the Kubernetes API (admission.k8s.io/v1) as far as the webhook uses it: what a request says, and the answer.
// Pure; the object under review stays JSON, its kind decodes it.

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
  const fields = new Fields();
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

type JsonObject = Readonly<Record<string, unknown>>;

/** Reads fields of JSON and keeps the first that is of the wrong type. */
class Fields {
  fault = "";

  /** null: absent, null, or of the wrong type. */
  whole(value: unknown, name: string): JsonObject | null {
    if (value === null || value === undefined) return null;
    if (isObject(value)) return value;
    this.#refuse(name, "an object", value);
    return null;
  }

  part(of: JsonObject | null, name: string): JsonObject | null {
    return this.whole(of?.[name], name);
  }

  text(of: JsonObject | null, name: string): string {
    const value = of?.[name];
    if (typeof value === "string") return value;
    if (value !== null && value !== undefined) this.#refuse(name, "a string", value);
    return "";
  }

  #refuse(name: string, expected: string, value: unknown): void {
    const got = Array.isArray(value) ? "a list" : typeof value === "object" ? "an object" : `a ${typeof value}`;
    if (this.fault === "") this.fault = `${name}: expected ${expected}, got ${got}`;
  }
}

/** The name as the object says it; the API server may still have to complete it. */
function nameOf(object: unknown): string {
  const metadata = isObject(object) && isObject(object.metadata) ? object.metadata : {};
  if (typeof metadata.name === "string" && metadata.name !== "") return metadata.name;
  const begin = metadata.generateName;
  return typeof begin === "string" && begin !== "" ? `${begin}<generated>` : "<unknown>";
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
