export interface Team {
  id: string;
  name: string;
}

/** The teams in a provider response; invalid entries are dropped, because the response is not trusted. */
export function teamsOf(info: Readonly<Record<string, unknown>> | undefined): Team[] {
  const teams = info?.["teams"];
  if (!Array.isArray(teams)) return [];
  return teams.flatMap((team: unknown): Team[] => {
    if (team === null || typeof team !== "object") return [];
    const { id, name, slug } = team as Record<string, unknown>;
    if (typeof id !== "string" || id === "") return [];
    return [{ id, name: typeof name === "string" && name ? name : typeof slug === "string" ? slug : id }];
  });
}
