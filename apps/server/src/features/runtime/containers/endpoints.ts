import { invalid } from "../../../platform/errors.ts";

/** An external service's address as it is kept: trimmed, an absolute URL of any scheme without credentials. Throws 422. */
export function endpointOf(given: string | null | undefined): string | null {
  const text = given?.trim() ?? "";
  if (text === "") return null;
  const url = URL.parse(text);
  if (!url || url.host === "") throw invalid(["body", "external_endpoint"], "Give a full address, such as https://db.example.org");
  if (url.username || url.password)
    throw invalid(["body", "external_endpoint"], "Put user and password into the credentials, not the address");
  return text;
}
