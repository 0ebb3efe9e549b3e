import type { Card, CardRun } from "@tesslate/contract";
import { eventually, type ChatWorld } from "./chat.ts";

/** The board of a chat's world. */
export function boardOf(world: ChatWorld) {
  const { kanban, chat } = world.app.as(world.owner);
  const params = { project_id: world.project.id };
  const read = () => kanban.board({ params });
  const columnOf = async (name: string) => {
    const found = (await read()).columns.find((column) => column.name === name);
    if (!found) throw new Error(`no column ${name}`);
    return found;
  };
  const find = async (id: string): Promise<Card & { column: string }> => {
    for (const { name, tasks } of (await read()).columns) {
      const card = tasks.find((one) => one.id === id);
      if (card) return { ...card, column: name };
    }
    throw new Error("the card is not on the board");
  };
  return {
    params,
    columnOf,
    find,
    titles: async (column: string) => (await columnOf(column)).tasks.map(({ title }) => title),
    add: async (title: string, column: string, more: object = {}) =>
      kanban.createCard({ params, body: { title, column_id: (await columnOf(column)).id, ...more } }),
    move: async (id: string, column: string) =>
      kanban.updateCard({ params: { ...params, id }, body: { column_id: (await columnOf(column)).id } }),
    run: (id: string, body: Parameters<typeof kanban.runCard>[0]["body"] = { edit_mode: "allow" }) =>
      kanban.runCard({ params: { ...params, id }, body }),
    get: (id: string) => kanban.getCard({ params: { ...params, id } }),
    stop: (chat_id: string) => chat.cancel({ body: { chat_id } }),
    /** The card, once it is in this column with its run in this state. */
    until: (id: string, column: string, state: CardRun["state"]) =>
      eventually(async () => {
        const card = await find(id);
        if (card.column !== column || card.run?.state !== state)
          throw new Error(`the card is in ${card.column} with a run that is ${card.run?.state}, not in ${column} and ${state}`);
        return card;
      }),
  };
}
