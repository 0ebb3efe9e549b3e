import { noOrdinaryUserHere } from "@tesslate/testkit/ordinary-user";
import { describeRuntimeDriver } from "../conformance.ts";
import { describeEscapes } from "../escapes.ts";
import { openAsOrdinaryUser } from "./ordinary-user.fixture.ts";
import { unavailableHere } from "./availability.ts";

const skip = unavailableHere() ?? noOrdinaryUserHere();

describeRuntimeDriver("sandbox of an ordinary user", openAsOrdinaryUser, { skip });
describeEscapes("sandbox of an ordinary user", openAsOrdinaryUser, { skip });
