export interface CreatorRow {
  id: string;
  name: string;
  username: string;
  avatar_url: string | null;
  is_deleted: boolean;
}

/** marketplace-billing-admin 1.2; an e-mail address never stands in for a name. Nobody: the house itself. */
export const creatorOf = (creator: CreatorRow | null, isOfficial: boolean) =>
  isOfficial
    ? { creator_type: "official" as const, creator_name: "Tesslate", creator_username: null, creator_avatar_url: null }
    : { creator_type: "community" as const, ...shown(creator) };
const shown = (creator: CreatorRow | null) =>
  creator === null || creator.is_deleted
    ? { creator_name: "Community", creator_username: null, creator_avatar_url: null }
    : { creator_name: nameOf(creator), creator_username: creator.username, creator_avatar_url: creator.avatar_url };
export const nameOf = ({ name, username }: Pick<CreatorRow, "name" | "username">): string =>
  [name.trim(), username].find(Boolean) ?? "Unknown";
