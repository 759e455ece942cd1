"use strict";
const table = document.getElementById("buckets");
const rows = [...table.tBodies[0].rows];
const heads = [...table.tHead.rows[0].cells];
heads.forEach((head, column) => head.firstChild.addEventListener("click", () => {
  // What is looked for comes first: large numbers, and names from A.
  const first = head.classList.contains("n") ? "descending" : "ascending";
  const up = head.getAttribute("aria-sort") !== first;
  heads.forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", up ? first : first === "ascending" ? "descending" : "ascending");
  const rank = (row) => Number(row.cells[column].dataset.rank);
  const sorted = [...rows].sort((a, b) => (up ? 1 : -1) * (rank(a) - rank(b)));
  table.tBodies[0].append(...sorted);
}));
const stacks = [...document.querySelectorAll("details")];
const texts = rows.map((row) => (row.textContent + " " + document.getElementById(row.dataset.stack).textContent).toLowerCase());
const filter = document.getElementById("filter");
filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  rows.forEach((row, i) => {
    const hit = words.every((word) => texts[i].includes(word));
    row.hidden = !hit;
    document.getElementById(row.dataset.stack).hidden = !hit;
    shown += hit ? 1 : 0;
  });
  document.getElementById("shown").textContent = shown + " of " + rows.length + " rows";
});
// The links between a row and its stack move the focus as well, which the
// browser itself would put on the top of the page.
document.addEventListener("click", (event) => {
  const link = event.target.closest("td a, details a");
  if (!link) {
    return;
  }
  event.preventDefault();
  const target = document.getElementById(link.hash.slice(1));
  target.open = true; // of a stack; it means nothing to a row
  target.scrollIntoView({ block: target.matches("tr") ? "center" : "start" });
  (target.matches("tr") ? target.querySelector("a") : target.firstChild).focus();
});
document.addEventListener("keydown", (event) => {
  const stack = event.key === "Escape" && document.activeElement.closest("details");
  if (stack) {
    stack.querySelector("a").click();
  }
});
document.getElementById("open").addEventListener("click", () => stacks.forEach((stack) => { stack.open = true; }));
document.getElementById("close").addEventListener("click", () => stacks.forEach((stack) => { stack.open = false; }));
