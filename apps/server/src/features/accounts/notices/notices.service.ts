import type { Email, Mail } from "../../../platform/mail.ts";
import { renderEmail } from "../auth/index.ts";
import type { Notice, NoticesStore } from "./notices.store.ts";

/** No email before this delay, because users at the screen respond sooner. */
const patienceSeconds = 300;

/** Opt-in emails about runs that wait for a decision or that ended after a long time. Each is sent once. */
export function createNotices({ store, mail, appBaseUrl }: { store: NoticesStore; mail: Mail; appBaseUrl: string }) {
  const send = async (notices: readonly Notice[], write: (notice: Notice, url: string) => Email) => {
    for (const notice of notices)
      await store.transaction(async (tx) => {
        if (await store.claim(tx, notice)) await mail.queue(tx, write(notice, `${appBaseUrl}/p/${notice.project_slug}`));
      });
  };
  return {
    jobHandlers: {
      mail_notices: async () => {
        if (!mail.isOn) return;
        await send(await store.listWaiting(patienceSeconds), inputNeededEmail);
        await send(await store.listEnded(patienceSeconds), runEndedEmail);
        await store.prune();
      },
    },
  };
}

/** Names come from users and models: limit them to one short line. */
const line = (text: string) => text.replace(/\s+/g, " ").slice(0, 80);
const where = ({ project_name, chat_title }: Notice) => (chat_title ? `${line(project_name)} (${line(chat_title)})` : line(project_name));
const footer = "You can turn off these emails in Settings, Notifications.";

export const inputNeededEmail = (notice: Notice, url: string): Email =>
  renderEmail("notice", notice.email, `${line(notice.project_name)} needs your input`, {
    name: notice.name,
    paragraphs: [`The agent in ${where(notice)} has a question and continues once you answer.`],
    button: { label: "Answer", url },
    footer,
  });
export const runEndedEmail = (notice: Notice, url: string): Email =>
  renderEmail(
    "notice",
    notice.email,
    notice.status === "failed" ? `A run in ${line(notice.project_name)} failed` : `A run in ${line(notice.project_name)} finished`,
    {
      name: notice.name,
      paragraphs: [`The agent in ${where(notice)} ${notice.status === "failed" ? "failed" : "has finished"}.`],
      button: { label: "View run", url },
      footer,
    },
  );
