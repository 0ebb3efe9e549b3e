import { useEffect, useRef, useState } from "react";
import { TextField } from "./components/TextField";

const articles = [
  { name: "Rye bread", cents: 420 },
  { name: "Croissant", cents: 190 },
];
const steps = ["Cart", "Shipping", "Payment", "Review"] as const;
const addressFields = [
  { key: "fullName", label: "Full name", error: "Enter your full name." },
  { key: "street", label: "Street", error: "Enter your street." },
  { key: "city", label: "City", error: "Enter your city." },
] as const;
const price = (cents: number) => `€${(cents / 100).toFixed(2)}`;

export default function App() {
  const [step, setStep] = useState(0);
  const [isPlaced, setIsPlaced] = useState(false);
  const [quantities, setQuantities] = useState<Record<string, number>>({ "Rye bread": 1, Croissant: 1 });
  const [address, setAddress] = useState({ fullName: "", street: "", city: "" });
  const [payment, setPayment] = useState<"Card" | "Invoice">("Card");
  const [cardNumber, setCardNumber] = useState("");
  const [isChecked, setIsChecked] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);

  useEffect(() => {
    if (!isFirst.current) heading.current?.focus();
    isFirst.current = false;
  }, [step, isPlaced]);

  const total = articles.reduce((sum, { name, cents }) => sum + cents * (quantities[name] ?? 0), 0);
  const digits = cardNumber.replaceAll(" ", "");
  const isCardValid = payment === "Invoice" || /^\d{16}$/.test(digits);
  const isAddressValid = addressFields.every(({ key }) => address[key].trim() !== "");
  const isStepValid = [total > 0, isAddressValid, isCardValid, true][step] === true;

  const goTo = (next: number) => {
    setIsChecked(false);
    setStep(next);
  };
  const advance = () => (isStepValid ? goTo(step + 1) : setIsChecked(true));

  if (isPlaced)
    return (
      <main className="mx-auto max-w-xl px-6 py-16">
        <h1 ref={heading} tabIndex={-1} className="text-3xl font-semibold">
          Order placed
        </h1>
      </main>
    );
  return (
    <main className="mx-auto max-w-xl px-6 py-16">
      <p>
        Step {step + 1} of {steps.length}
      </p>
      <h1 ref={heading} tabIndex={-1} className="text-3xl font-semibold">
        {steps[step]}
      </h1>
      {step === 0 && (
        <ul className="mt-4 space-y-2">
          {articles.map(({ name, cents }) => (
            <li key={name} className="flex items-center gap-4">
              <span className="flex-1">
                {name}, {price(cents)}
              </span>
              <input
                type="number"
                min={0}
                aria-label={`Quantity of ${name}`}
                value={quantities[name]}
                onChange={(event) => setQuantities({ ...quantities, [name]: Math.max(0, Math.trunc(event.target.valueAsNumber) || 0) })}
                className="w-20 rounded border border-stone-500 bg-transparent px-2 py-1"
              />
            </li>
          ))}
        </ul>
      )}
      {step === 1 &&
        addressFields.map(({ key, label, error }) => (
          <TextField
            key={key}
            label={label}
            value={address[key]}
            error={isChecked && address[key].trim() === "" ? error : undefined}
            onChange={(value) => setAddress({ ...address, [key]: value })}
          />
        ))}
      {step === 2 && (
        <fieldset className="mt-4">
          <legend>Way of payment</legend>
          {(["Card", "Invoice"] as const).map((one) => (
            <label key={one} className="mr-6">
              <input type="radio" name="payment" checked={payment === one} onChange={() => setPayment(one)} /> {one}
            </label>
          ))}
          {payment === "Card" && (
            <TextField
              label="Card number"
              value={cardNumber}
              error={isChecked && !isCardValid ? "Enter a card number of 16 digits." : undefined}
              onChange={setCardNumber}
            />
          )}
        </fieldset>
      )}
      {step === 3 && (
        <>
          <ul className="mt-4">
            {articles
              .filter(({ name }) => (quantities[name] ?? 0) > 0)
              .map(({ name }) => (
                <li key={name}>
                  {quantities[name]} × {name}
                </li>
              ))}
          </ul>
          <p className="mt-4">
            {address.fullName}, {address.street}, {address.city}
          </p>
          <p className="mt-4">{payment === "Card" ? `Card ending in ${digits.slice(-4)}` : "Invoice"}</p>
        </>
      )}
      {(step === 0 || step === 3) && <p className="mt-4 font-semibold">Total: {price(total)}</p>}
      <div className="mt-6 flex gap-4">
        {step > 0 && (
          <button type="button" onClick={() => goTo(step - 1)} className="rounded border border-stone-500 px-4 py-2">
            Back
          </button>
        )}
        {step < 3 ? (
          <button
            type="button"
            disabled={step === 0 && total === 0}
            onClick={advance}
            className="rounded bg-emerald-800 px-4 py-2 text-white disabled:opacity-50"
          >
            Continue
          </button>
        ) : (
          <button type="button" onClick={() => setIsPlaced(true)} className="rounded bg-emerald-800 px-4 py-2 text-white">
            Place order
          </button>
        )}
      </div>
    </main>
  );
}
