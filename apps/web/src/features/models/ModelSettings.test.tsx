import { ModelProvider } from "@tesslate/contract";
import { expect, sample, screen, signedIn, test, within } from "../../testing/index.ts";

test("the row of a provider opens its connection", async ({ api, open, user }) => {
  signedIn(api, { is_superuser: true });
  api.blankReads();
  api.answer("models.setup", {
    configured: false,
    default_model: null,
    can_configure: true,
    demo: false,
    demo_available: false,
    ollama: null,
    providers: [
      sample(ModelProvider, { provider: "openai", name: "OpenAI", needs_key: true }),
      sample(ModelProvider, { provider: "anthropic", name: "Anthropic", needs_key: true }),
    ],
  });
  open("/settings/models");
  await user.click(await screen.findByRole("button", { name: "Connect Anthropic" }));
  const dialog = await screen.findByRole("dialog", { name: "Connect model" });
  expect(within(dialog).getByRole("combobox", { name: "Provider" })).toHaveTextContent("Anthropic");
});
