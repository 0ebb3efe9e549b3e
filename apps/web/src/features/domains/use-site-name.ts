import { useQuery } from "@tanstack/react-query";
import { useSettled } from "../../lib/use-settled.ts";
import { useServices } from "../../project/services.ts";
import { siteNameQuery } from "./domains.queries.ts";
import { cleanSiteName, siteNameError } from "./site-name.ts";

const pauseMs = 300;

export interface SiteNameState {
  /** The error at the field. */
  error: string | undefined;
  /** The server is asked whether the name is free. */
  isChecking: boolean;
  isFree: boolean;
  /** A similar name that is free. */
  suggestion: string | undefined;
}

/** Checks the name of a site while it is typed; an empty one, and the one that the site has, are not checked. */
export function useSiteName(
  projectId: string,
  text: string,
  { containerId, isEnabled }: { containerId?: string | undefined; isEnabled: boolean },
): SiteNameState {
  const { api } = useServices();
  const name = cleanSiteName(text);
  const settled = useSettled(name, pauseMs);
  const invalid = isEnabled ? siteNameError(text) : undefined;
  const isAsked = isEnabled && name !== "";
  const query = useQuery({ ...siteNameQuery(api, projectId, settled, containerId), enabled: isAsked && settled !== "" });
  // The answer to an earlier text does not apply.
  const check = isAsked && query.data?.name === name ? query.data : undefined;
  return {
    error: invalid ?? check?.detail ?? undefined,
    isChecking: isAsked && invalid === undefined && check === undefined && !query.isError,
    isFree: check?.problem === null,
    suggestion: check?.suggestion ?? undefined,
  };
}
