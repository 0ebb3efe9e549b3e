export interface CreatorRow {
  id: string;
  name: string;
  username: string;
  avatar_url: string | null;
  is_deleted: boolean;
}

/** Creator fields of an item. Never falls back to the email address. No creator: an official item. */
export const creatorOf = (creator: CreatorRow | null, isOfficial: boolean) =>
  isOfficial
    ? { creator_type: "official" as const, creator_name: "Tesslate", creator_username: null, creator_avatar_url: null }
    : { creator_type: "community" as const, ...shown(creator) };
const shown = (creator: CreatorRow | null) =>
  creator === null || creator.is_deleted
    ? { creator_name: "Community", creator_username: null, creator_avatar_url: null }
    : { creator_name: displayNameOf(creator), creator_username: creator.username, creator_avatar_url: creator.avatar_url };
export const displayNameOf = ({ name, username }: Pick<CreatorRow, "name" | "username">): string =>
  [name.trim(), username].find(Boolean) ?? "Unknown";
