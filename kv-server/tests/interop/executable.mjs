// Reads cargo's messages from stdin and prints the path of the executable among them.

import { createInterface } from "node:readline";

let executable;
for await (const line of createInterface({ input: process.stdin })) {
  executable = JSON.parse(line).executable ?? executable;
}
if (!executable) throw new Error("cargo built no executable");
console.log(executable);
