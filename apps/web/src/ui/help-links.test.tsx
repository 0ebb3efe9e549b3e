import { ApiError } from "@tesslate/client/core";
import { PublicConfig } from "@tesslate/contract";
import { refuse, sample, expect, expectAccessible, screen, test, waitFor } from "../testing/index.ts";
import { Banner } from "./Banner.tsx";
import { Button } from "./Button.tsx";
import { ErrorSentence, HelpAccess } from "./HelpLink.tsx";
import { LoadFailed } from "./LoadFailed.tsx";
import { toastError } from "./toast.tsx";

const failed = (code: string, detail = "It failed.") => new ApiError(409, { detail, code });
const link = () => screen.getByRole("link", { name: /^Learn more/ });

test("a toast about an error says which action failed and leads to its help, in another tab", async ({ show, user }) => {
  show(<Button onClick={() => toastError(failed("site_name_taken", "That name is taken."), { before: "Couldn't save." })}>Save</Button>);
  await user.click(await screen.findByRole("button", { name: "Save" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("Couldn't save. That name is taken. Learn more");
  expect(link()).toHaveAttribute("href", "/help/guides/domains#the-short-name");
  expect(link()).toHaveAttribute("target", "_blank");
  await expectAccessible();
});

test("an error without a guide leads to its entry in the list of codes; one of the client or the page leads nowhere", async ({ show }) => {
  show(
    <>
      <Banner tone="err">
        <ErrorSentence of={new Error("Couldn't commit.", { cause: failed("git_busy") })} />
      </Banner>
      <Banner tone="err">
        <ErrorSentence of={new ApiError(0, { detail: "x", code: "network" })} />
      </Banner>
      <Banner tone="err">
        <ErrorSentence of={new Error("A fault of the page.")} />
      </Banner>
    </>,
  );
  expect(await screen.findAllByRole("alert")).toHaveLength(3);
  expect(link()).toHaveAttribute("href", "/help/api/errors#git_busy");
});

test("a part that could not be loaded leads to the help beside Retry", async ({ show }) => {
  show(<LoadFailed title="Couldn't load files" of={{ error: failed("runtime_unavailable"), refetch: () => undefined }} />);
  expect(await screen.findByRole("button", { name: "Retry" })).toBeVisible();
  expect(link()).toHaveAttribute("href", "/help/api/errors#runtime_unavailable");
});

test("who cannot open the help is not led there", async ({ show }) => {
  show(
    <HelpAccess value={false}>
      <Banner tone="err">
        <ErrorSentence of={failed("git_busy", "Git is busy.")} />
      </Banner>
    </HelpAccess>,
  );
  expect(await screen.findByText("Git is busy.")).toBeVisible();
  expect(screen.queryByRole("link")).toBeNull();
});

test.for([true, false])("visitors are led to the help where the server shows it: %s", async (landing_page, { api, open, user }) => {
  api.answer("system.config", sample(PublicConfig, { no_accounts: false, landing_page }));
  api.answer("auth.login", refuse("login_bad_credentials"));
  open("/login");
  await user.type(await screen.findByLabelText("Email or username"), "ada@example.com");
  await user.type(screen.getByLabelText("Password"), "a wrong password{Enter}");
  expect(await screen.findByText(/Incorrect/)).toBeVisible();
  await waitFor(() => expect(screen.queryAllByRole("link", { name: /^Learn more/ })).toHaveLength(landing_page ? 1 : 0));
});
