import { and, asc, eq, inArray, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { agents } from "../../../db/schema/agent/agents.ts";
import { updateAgent } from "../../agent/agents/index.ts";
import { bases, marketplacePictures as pictures, type PictureKind } from "../../../db/schema/store.ts";

export interface EncodedPicture {
  version: string;
  webp: Buffer;
}
const urlOf = ({ id, version }: { id: string; version: string }) => `/api/marketplace/pictures/${id}/${version}`;

export type ItemPicturesStore = ReturnType<typeof createItemPicturesStore>;
/** Pictures of agents and templates. Changes need the lock of the item. */
export function createItemPicturesStore(db: Database) {
  const insert = async (
    tx: Queries,
    item: { agent_id: string } | { base_id: string },
    kind: PictureKind,
    { version, webp }: EncodedPicture,
  ): Promise<string> => {
    const [row] = await tx
      .insert(pictures)
      .values({ ...item, kind, version, webp_base64: webp.toString("base64") })
      .returning({ id: pictures.id, version: pictures.version });
    if (!row) throw new Error("no picture inserted");
    return urlOf(row);
  };
  const ofBase = (baseId: string) => and(eq(pictures.base_id, baseId), inArray(pictures.kind, ["light", "dark"]));
  const ofAgent = (agentId: string, kind: "icon" | "screenshot") => and(eq(pictures.agent_id, agentId), eq(pictures.kind, kind));
  const setBase = async (tx: Queries, baseId: string, given: { light: EncodedPicture; dark: EncodedPicture } | null): Promise<void> => {
    await tx.delete(pictures).where(ofBase(baseId));
    const set = given && {
      light: await insert(tx, { base_id: baseId }, "light", given.light),
      dark: await insert(tx, { base_id: baseId }, "dark", given.dark),
    };
    await tx
      .update(bases)
      .set({ pictures: set, updated_at: sql`now()` })
      .where(eq(bases.id, baseId));
  };

  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    /** Replaces the icon of an agent; null removes it. */
    setIcon: async (tx: Queries, agentId: string, icon: EncodedPicture | null): Promise<void> => {
      await tx.delete(pictures).where(ofAgent(agentId, "icon"));
      const avatar_url = icon && (await insert(tx, { agent_id: agentId }, "icon", icon));
      await updateAgent(tx, agentId, { avatar_url });
    },
    setBase,
    countScreenshots: (tx: Queries, agentId: string): Promise<number> => tx.$count(pictures, ofAgent(agentId, "screenshot")),
    addScreenshot: async (tx: Queries, agentId: string, picture: EncodedPicture): Promise<void> => {
      await insert(tx, { agent_id: agentId }, "screenshot", picture);
    },
    /** False when the agent has no such screenshot. */
    removeScreenshot: async (tx: Queries, agentId: string, id: string): Promise<boolean> =>
      (
        await tx
          .delete(pictures)
          .where(and(ofAgent(agentId, "screenshot"), eq(pictures.id, id)))
          .returning({ id: pictures.id })
      ).length > 0,
    listScreenshots: async (agentId: string, q: Queries = db): Promise<{ id: string; url: string }[]> =>
      (
        await q
          .select({ id: pictures.id, version: pictures.version })
          .from(pictures)
          .where(ofAgent(agentId, "screenshot"))
          .orderBy(asc(pictures.created_at), pictures.id)
      ).map((row) => ({ id: row.id, url: urlOf(row) })),
    /** Not those of items that an administrator hid or that were deleted. */
    find: async (id: string, version: string): Promise<Buffer | undefined> => {
      const [row] = await db
        .select({ webp_base64: pictures.webp_base64 })
        .from(pictures)
        .leftJoin(agents, eq(agents.id, pictures.agent_id))
        .leftJoin(bases, eq(bases.id, pictures.base_id))
        .where(and(eq(pictures.id, id), eq(pictures.version, version), sql`coalesce(${agents.is_active}, ${bases.is_active})`));
      return row && Buffer.from(row.webp_base64, "base64");
    },
    /** Templates that were published from a project within the last minutes and have no picture yet. */
    findWithoutPicture: async (tx: Queries, projectId: string, minutes: number): Promise<string[]> =>
      (
        await tx
          .select({ id: bases.id })
          .from(bases)
          .where(
            and(
              eq(bases.source_project_id, projectId),
              eq(bases.is_active, true),
              sql`${bases.pictures} is null and ${bases.preview_image} is null`,
              sql`${bases.created_at} > now() - make_interval(mins => ${minutes})`,
            ),
          )
          .for("no key update")
      ).map((row) => row.id),
  };
}
