/// <reference lib="dom" />
/** The changes of a run: review, replay, comments, restore and redo, forks. */
import { call, parallel, say, script, turn } from "@tesslate/testkit";
import { signIn } from "../browser.ts";
import { expect, journey, until } from "../journey.ts";
import { allVariants, checkScreens, expectAccessible, expectNoProblems, shot } from "../screens.ts";

export default journey({ hasMain: true }, async (context) => {
  const slots = [
    "import { orders } from './orders.js';",
    "",
    "export function placesLeft(slot) {",
    "  const taken = orders.filter((order) => order.slot === slot.id).length;",
    "  return 6 - taken;",
    "}",
    "",
    ...Array.from({ length: 12 }, (_, i) => `// note ${i + 1}`),
    "",
    "export function closesAt(day) {",
    "  return day.at(18);",
    "}",
    "",
  ].join("\n");
  const styles = ".slot { color: black; }\n.slot.full { opacity: 1; }\n";
  const taken = "  const taken = orders.filter((order) => order.slot === slot.id && order.state !== 'cancelled').length;";
  const { model } = context;
  model.setScript(
    script([
      turn(
        parallel(
          call("edit_file", {
            file_path: "slots.js",
            edits: [
              { search: slots.split("\n")[3], replace: taken },
              { search: "  return day.at(18);", replace: "  // The evening before.\n  return day.minus(1).at(18);" },
            ],
          }),
          call("edit_file", { file_path: "styles.css", search: "opacity: 1", replace: "opacity: 0.5" }),
          call("run_command", { command: "printf 'GIF\\000' > full.gif; curl -sX POST http://localhost:9/orders || true" }),
        ),
      ),
      turn(say("Cancelled orders free their place, and a day closes the evening before.")),
      turn(say("I will look at it.")),
      turn(say("And the next.")),
    ]),
  );
  const { studio, account, project, watched, page } = await context.openProject();
  const params = { id: project.slug };
  const write = (path: string, content: string) => account.api.files.put({ params: { ...params, path }, body: { content } });
  const read = async (path: string) => (await account.api.files.batch({ params, body: { paths: [path] } })).files[0]?.content;
  const send = async (message: string) => {
    for await (const event of account.api.chat.stream({ body: { project_id: project.slug, message, edit_mode: "allow" } }))
      if (event.type === "done") return;
  };

  const hunks = page.getByTestId("hunk");
  const transcript = page.getByRole("log", { name: "Transcript" });
  const menuOf = async (message: string) => {
    // Only with the keyboard.
    await page.getByRole("button", { name: `Actions for “${message}` }).focus();
    await page.keyboard.press("Enter");
  };

  return [
    {
      isMain: true,
      name: "the review lists the changes of a run; rejecting one restores only its old text",
      run: async () => {
        await write("slots.js", slots);
        await write("styles.css", styles);
        await signIn(page, studio.url, account);
        await page.goto(`${studio.url}/p/${project.slug}/review`);
        await page.getByRole("heading", { name: "Nothing to review yet" }).waitFor();
        await shot(page, "review-empty");
        await send("Cancelled orders should free their place");
        const card = page.getByTestId("changes-card");
        await card.getByText("3 files").waitFor();
        await card.getByText("slots.js").waitFor();
        await shot(page, "review-card");
        await card.getByRole("button", { name: "Review" }).click();
        await page.waitForURL(/\/review\?run=[0-9a-f-]{36}$/);
        const rows = page.getByTestId("file-row");
        await rows.first().waitFor();
        // The list may still be that of a moment before the run ended.
        await until("the changed files are listed", async () => {
          const listed = await rows.evaluateAll((all) => all.map((row) => row.textContent));
          return JSON.stringify(listed) === JSON.stringify(["full.gifAadded", "slots.js+3−2Mmodified", "styles.css+1−1Mmodified"]);
        });
        await page.getByText("Binary file not shown.").waitFor();
        await page.keyboard.press("]");
        await hunks.nth(1).waitFor();
        await checkScreens(page, "review-open", { variants: allVariants });
        await page.getByRole("radio", { name: "Split" }).click();
        await checkScreens(page, "review-split");
        await page.getByRole("radio", { name: "Unified" }).click();
        await page.keyboard.press("a");
        await page.keyboard.press("r");
        await hunks.nth(1).getByText("Rejected").waitFor();
        expect(
          (await read("slots.js")) === slots.replace(slots.split("\n")[3] ?? "", taken),
          "old text where it was rejected, new text elsewhere",
        );
        expect((await read("styles.css"))?.includes("0.5"), "the other file is unchanged");
        await page.getByText("1 kept, 1 rejected, 2 open").waitFor();
        await shot(page, "review-decided");
        await page.reload();
        await rows.nth(1).click();
        await page.getByText("1 kept, 1 rejected, 2 open").waitFor();
        // Undo the rejection.
        await hunks.nth(1).getByRole("button", { name: "Undo" }).click();
        await until("it is applied again", async () => (await read("slots.js"))?.includes("minus(1)"));
      },
    },
    {
      name: "a change that a person edited since is not rejected, with the reason",
      run: async () => {
        const now = (await read("slots.js")) ?? "";
        await write("slots.js", now.replace("minus(1)", "minus(2)"));
        await hunks.nth(1).getByRole("button", { name: "Reject" }).click();
        await hunks.nth(1).getByText("Edited since, not rejected").waitFor();
        await page.getByRole("alert").getByText("slots.js was edited since").waitFor();
        await shot(page, "review-misfit");
        expect((await read("slots.js"))?.includes("minus(2)"), "the edit is kept");
        await page.getByRole("button", { name: "Dismiss" }).click();
      },
    },
    {
      name: "a run is replayed: each moment shows the files as changed by then",
      run: async () => {
        await page.getByRole("radio", { name: "Replay" }).click();
        const slider = page.getByRole("slider", { name: "Moment of the run" });
        await slider.focus();
        const filesThen = async () =>
          (await page.getByTestId("file-then").evaluateAll((rows) => rows.map((row) => row.textContent))).join(" ");
        expect((await filesThen()) === "Mmodifiedslots.js+3−2", `first: ${await filesThen()}`);
        await page.keyboard.press("ArrowRight");
        await page.getByRole("group", { name: "Changes in styles.css" }).first().waitFor();
        expect((await filesThen()).includes("styles.css+1−1"), `then: ${await filesThen()}`);
        await shot(page, "review-replay");
        await expectAccessible(page, "replay");
        await page.keyboard.press("End");
        await page.getByRole("group", { name: "Selected moment" }).getByText("a day closes the evening before").waitFor();
        await page.getByRole("radio", { name: "Changes" }).click();
        await page.getByTestId("file-row").nth(1).click();
      },
    },
    {
      name: "comments on lines are sent to the agent as one message",
      run: async () => {
        await hunks.nth(1).locator("[role=group]").focus();
        await page.keyboard.press("c");
        await page.getByRole("textbox", { name: /Comment on lines/ }).fill("Also on holidays.");
        await shot(page, "review-comment");
        await page.keyboard.press("Control+Enter");
        await hunks.nth(1).getByText("not sent yet").waitFor();
        await page.getByRole("button", { name: "Send 1 comment" }).click();
        await transcript.getByText("I will look at it.").waitFor();
        const sent = JSON.stringify(model.requests.at(-1)?.body ?? model.requests.at(-1));
        for (const piece of ["slots.js, lines 22", "minus(1)", "Also on holidays."])
          expect(sent.includes(piece), `${piece} is missing in ${sent.slice(-800)}`);
      },
    },
    {
      name: "restore to before a message, redo, and fork from it",
      run: async () => {
        await write("slots.js", `${await read("slots.js")}// mine\n`);
        const edited = await read("slots.js");
        await menuOf("Cancelled orders");
        await page.getByRole("menuitem", { name: "Fork from here" }).waitFor();
        await shot(page, "review-menu");
        await page.getByRole("menuitem", { name: "Restore to before this message…" }).click();
        const dialog = page.getByRole("alertdialog");
        await dialog.getByText("slots.js").waitFor();
        await dialog.getByText("This hides 4 messages.").waitFor();
        await dialog.getByText("curl -sX POST").waitFor();
        await shot(page, "review-go-back");
        await expectAccessible(page, "going back");
        await dialog.getByRole("button", { name: "Restore" }).click();
        await transcript.getByText("Later messages are hidden.").waitFor({ timeout: 20_000 });
        expect((await read("slots.js")) === slots && (await read("styles.css")) === styles, "the files are those before the message");
        await page.reload();
        await transcript.getByText("Later messages are hidden.").waitFor();
        await page.getByText("its changes aren't in the files").waitFor();
        await shot(page, "review-restored");
        await expectAccessible(page, "restored");
        await transcript.getByRole("button", { name: "Redo" }).click();
        await until("the files are redone", async () => (await read("slots.js")) === edited, 20_000);
        await transcript.getByText("I will look at it.").waitFor();
        await menuOf("Cancelled orders");
        await page.getByRole("menuitem", { name: "Fork from here" }).click();
        await page.getByText("Chat forked.").waitFor();
        await until("two messages", async () => (await transcript.getByRole("article").count()) === 1);
        const sessions = (await account.api.chat.sessions({ query: { project_id: project.slug } })).items;
        expect(sessions.some((session) => session.message_count === 2) && sessions.length === 2, "a session with two messages");
        expectNoProblems(watched);
      },
    },
  ];
});
