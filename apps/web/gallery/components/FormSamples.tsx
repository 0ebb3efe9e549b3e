import { Banner } from "../../src/ui/Banner.tsx";
import { Button } from "../../src/ui/Button.tsx";
import { Field } from "../../src/ui/Field.tsx";
import { useForm } from "../../src/ui/form/use-form.ts";
import { useSubmission } from "../../src/ui/form/use-submission.ts";
import { Input } from "../../src/ui/Input.tsx";
import { Card } from "../../src/ui/Panel.tsx";
import { Select } from "../../src/ui/Select.tsx";
import { Textarea } from "../../src/ui/Textarea.tsx";
import { Sample } from "./Sample.tsx";

const slots = ["07:30", "08:00", "08:30"].map((value) => ({ value, label: value }));
/** A server that takes a moment, and refuses with `refusal` if there is one. */
const respond = async (refusal?: string) => {
  await new Promise((resolve) => setTimeout(resolve, 800));
  if (refusal) throw new Error(refusal);
};

/** Forms: a check before sending, the busy state, an error of the server, the guard of unsaved changes. */
export function FormSamples() {
  return (
    <Sample title="Forms" note="checked, sent, refused">
      <div className="grid gap-3">
        <OrderForm />
        <CancelForm />
      </div>
    </Sample>
  );
}

function OrderForm() {
  const form = useForm({
    start: { customer: "", slot: "07:30", note: "" },
    check: ({ customer }) => (customer.trim() ? {} : { customer: "Enter a name." }),
    submit: () => respond(),
  });
  return (
    <Card className="rounded-4 p-4">
      <form onSubmit={form.onSubmit} noValidate className="grid gap-3">
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        <Field label="Customer" error={form.errors.customer}>
          <Input {...form.text("customer")} />
        </Field>
        <Field label="Slot">
          <Select {...form.choice("slot")} options={slots} />
        </Field>
        <Field label="Note" hint="Optional.">
          <Textarea {...form.text("note")} rows={2} />
        </Field>
        <div className="flex items-center gap-2">
          <Button type="submit" variant="primary" isLoading={form.isSubmitting} loadingWord="Saving…">
            Save order
          </Button>
          <Button disabled={!form.isDirty} onClick={() => form.reset()}>
            Reset
          </Button>
          <span className="text-xs text-fg-2">{form.isDirty ? "Unsaved changes" : "Saved"}</span>
        </div>
      </form>
    </Card>
  );
}

/** Without fields of its own: `useSubmission`. */
function CancelForm() {
  const { errors, isSubmitting, onSubmit } = useSubmission([], {
    submit: () => respond("The order was already baked."),
  });
  return (
    <Card className="rounded-4 p-4">
      <form onSubmit={onSubmit} className="grid gap-3">
        {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
        <Button type="submit" isLoading={isSubmitting} loadingWord="Canceling…">
          Cancel order
        </Button>
      </form>
    </Card>
  );
}
