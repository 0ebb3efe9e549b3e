import { ChatSession } from "@tesslate/contract";
import { expect, sample, sampleId, screen, test, waitFor, type CannedApi } from "../../testing/index.ts";
import { SessionMenu } from "./SessionMenu.tsx";

const answerWith = (api: CannedApi, title: string) =>
  api.answer("chat.sessions", { items: [sample(ChatSession, { id: sampleId, title })], total: 1 });

test("Esc while a chat is renamed ends the renaming alone; the list closes with the next one", async ({ api, show, user }) => {
  answerWith(api, "A cart");
  show(<SessionMenu projectId={sampleId} chatId={sampleId} onOpen={() => undefined} />);
  await user.click(await screen.findByRole("button", { name: "A cart" }));
  await user.click(await screen.findByRole("button", { name: "Rename A cart" }));
  await user.type(screen.getByRole("textbox", { name: "Chat name" }), " with a total{Escape}");
  expect(screen.queryByRole("textbox", { name: "Chat name" })).not.toBeInTheDocument();
  expect(screen.getByRole("dialog", { name: "Chats in this project" })).toBeVisible();
  expect(screen.getByRole("button", { name: /^A cart./ })).toHaveFocus();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
});
