import { Card } from "../components/Card";

export function Offers() {
  return (
    <>
      <h1 className="mt-6 text-3xl font-semibold">Offers</h1>
      <Card label="Yesterday's bread" price="€2.00" />
    </>
  );
}
