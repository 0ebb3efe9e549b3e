import type { Letter, Mail } from "../../../platform/mail.ts";
import { letter } from "../auth/index.ts";
import type { Due, NoticesStore } from "./notices.store.ts";

/** Whoever sits in front of it answers sooner. */
const patienceSeconds = 300;

/** Mails about runs, for people who want them: one that waits for a decision, one that took long and is over. Each is told once. */
export function createNotices({ store, mail, appBaseUrl }: { store: NoticesStore; mail: Mail; appBaseUrl: string }) {
  const tell = async (dues: readonly Due[], write: (due: Due, url: string) => Letter) => {
    for (const due of dues)
      await store.transaction(async (tx) => {
        if (await store.claim(tx, due)) await mail.queue(tx, write(due, `${appBaseUrl}/p/${due.project_slug}`));
      });
  };
  return {
    jobHandlers: {
      mail_notices: async () => {
        if (!mail.isOn) return;
        await tell(await store.listWaiting(patienceSeconds), waitingLetter);
        await tell(await store.listEnded(patienceSeconds), endedLetter);
        await store.prune();
      },
    },
  };
}

/** Names come from people and models: one line each, and not too much of it. */
const line = (text: string) => text.replace(/\s+/g, " ").slice(0, 80);
const where = ({ project_name, chat_title }: Due) => (chat_title ? `${line(project_name)} (${line(chat_title)})` : line(project_name));
const end = "You asked for messages like this one in Settings, Notifications.";

export const waitingLetter = (due: Due, url: string): Letter =>
  letter("notice", due.email, `${line(due.project_name)} waits for you`, {
    name: due.name,
    say: [`The agent in ${where(due)} has asked something and goes on once you answer.`],
    link: { word: "Answer", url },
    end,
  });
export const endedLetter = (due: Due, url: string): Letter =>
  letter(
    "notice",
    due.email,
    due.status === "failed" ? `A run in ${line(due.project_name)} failed` : `A run in ${line(due.project_name)} is done`,
    {
      name: due.name,
      say: [`The agent in ${where(due)} ${due.status === "failed" ? "could not finish" : "has finished"}.`],
      link: { word: "Look at it", url },
      end,
    },
  );
