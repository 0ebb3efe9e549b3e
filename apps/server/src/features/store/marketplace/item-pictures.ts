import { maxScreenshots, type AgentDetail, type BaseDetail } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { AppError, forbidden, notFound } from "../../../platform/errors.ts";
import type { AgentCatalogue } from "./agents.service.ts";
import type { BaseCatalogue } from "./bases.service.ts";
import { asPicture, type ItemPictureEncoder } from "./item-picture-encoder.ts";
import type { ItemPicturesStore } from "./item-pictures.store.ts";
import type { MarketplaceLimits } from "./limits.ts";
import type { Viewer } from "./viewer.ts";

type User = NonNullable<Viewer>;
/** How long after its publication a template takes the picture of its project, so that later work on the project is not shown. */
const adoptMinutes = 15;

export type ItemPictures = ReturnType<typeof createItemPictures>;
/** Icons and screenshots of agents, pictures of templates. Only their creators change them. */
export function createItemPictures({
  store,
  encode,
  agents,
  bases,
  limits,
}: {
  store: ItemPicturesStore;
  encode: ItemPictureEncoder;
  agents: AgentCatalogue;
  bases: BaseCatalogue;
  limits: MarketplaceLimits;
}) {
  /** Throws 404, and 403 for an agent the user can see but not change. */
  const changeAgent = async (user: User, ref: string, work: (tx: Queries, agentId: string) => Promise<void>): Promise<AgentDetail> => {
    const id = await store.transaction(async (tx) => {
      const { agent, isOwn } = await agents.lock(tx, user, ref);
      if (!isOwn) throw forbidden("forbidden", "Only the creator of an agent can change its pictures.");
      await work(tx, agent.id);
      return agent.id;
    });
    return agents.detail(user, id);
  };
  const changeBase = async (user: User, ref: string, work: (tx: Queries, baseId: string) => Promise<void>): Promise<BaseDetail> => {
    const id = await store.transaction(async (tx) => {
      const { base, isOwn } = await bases.lock(tx, user, ref);
      if (!isOwn) throw forbidden("forbidden", "Only the creator of a template can change its picture.");
      await work(tx, base.id);
      return base.id;
    });
    return bases.detail(user, id);
  };
  /** Before the upload is read and decoded. */
  const mayUpload = async (user: User, isOwn: () => Promise<boolean>, noun: string): Promise<void> => {
    await limits.write(user.id, "picture");
    if (!(await isOwn())) throw forbidden("forbidden", `Only the creator of ${noun} can change its pictures.`);
  };
  const ownsAgent = (user: User, ref: string) => mayUpload(user, async () => (await agents.detail(user, ref)).is_owner, "an agent");
  const ownsBase = (user: User, ref: string) => mayUpload(user, async () => (await bases.detail(user, ref)).is_owner, "a template");

  return {
    /** Throws 404, 403, `bad_image`, and what `read` throws. */
    setIcon: async (user: User, ref: string, read: () => Promise<Buffer>): Promise<AgentDetail> => {
      await ownsAgent(user, ref);
      const icon = await encode(await read(), "icon");
      return changeAgent(user, ref, (tx, id) => store.setIcon(tx, id, icon));
    },
    removeIcon: (user: User, ref: string): Promise<AgentDetail> => changeAgent(user, ref, (tx, id) => store.setIcon(tx, id, null)),
    /** Throws 404, 403, `bad_image`, `screenshot_limit_reached`, and what `read` throws. */
    addScreenshot: async (user: User, ref: string, read: () => Promise<Buffer>): Promise<AgentDetail> => {
      await ownsAgent(user, ref);
      const picture = await encode(await read(), "screenshot");
      return changeAgent(user, ref, async (tx, id) => {
        if ((await store.countScreenshots(tx, id)) >= maxScreenshots)
          throw new AppError("screenshot_limit_reached", `An agent has at most ${maxScreenshots} screenshots. Delete one first.`);
        await store.addScreenshot(tx, id, picture);
      });
    },
    removeScreenshot: (user: User, ref: string, pictureId: string): Promise<AgentDetail> =>
      changeAgent(user, ref, async (tx, id) => {
        if (!(await store.removeScreenshot(tx, id, pictureId))) throw notFound("Screenshot");
      }),
    setBasePicture: async (user: User, ref: string, read: () => Promise<Buffer>): Promise<BaseDetail> => {
      await ownsBase(user, ref);
      const picture = await encode(await read(), "cover");
      return changeBase(user, ref, (tx, id) => store.setBase(tx, id, { light: picture, dark: picture }));
    },
    removeBasePicture: (user: User, ref: string): Promise<BaseDetail> => changeBase(user, ref, (tx, id) => store.setBase(tx, id, null)),
    read: async (id: string, version: string): Promise<Buffer> => {
      const found = await store.find(id, version);
      if (!found) throw notFound("Picture");
      return found;
    },
    /** Gives the pictures of a project's app to the templates that were just published from it without one. */
    adopt: async (projectId: string, { light, dark }: { light: Buffer; dark: Buffer }): Promise<void> => {
      const given = { light: asPicture(light), dark: asPicture(dark) };
      await store.transaction(async (tx) => {
        for (const id of await store.findWithoutPicture(tx, projectId, adoptMinutes)) await store.setBase(tx, id, given);
      });
    },
  };
}
