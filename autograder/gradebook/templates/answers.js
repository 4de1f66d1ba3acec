// Points and comments go to formgrader's own API as soon as a field is left.
const base = document.body.dataset.base + "/formgrader/api/";
const most = parseFloat(document.body.dataset.most);
const token = () => (document.cookie.match(/\b_xsrf=([^;]*)\b/) || [])[1] || "";
const count = () => {
  const waiting = document.querySelectorAll(".state.wait").length;
  document.getElementById("waiting").textContent = waiting ? `${waiting} ${waiting === 1 ? "answer waits" : "answers wait"}.` : "All are graded.";
};

async function ask(place, settings) {
  const answer = await fetch(base + place, settings);
  if (!answer.ok) throw new Error(`the server says ${answer.status}`);
  return await answer.json();
}

// What the server has of a field, as the page shows it.
const shown = {
  points: grade => String(grade.manual_score ?? (grade.needs_manual_grade ? "" : grade.auto_score ?? 0)),
  comment: comment => comment.manual_comment ?? comment.auto_comment ?? "",
};
const same = (one, other) => one.trim() === other.trim() || (one !== "" && Number(one) === Number(other));
const lines = text => text.replace(/\r\n?/g, "\n");

// A function that saves one field. What another grader has written since the page was read is replaced on request only.
function saver(kind, place, field, said) {
  let known = field.value;
  return async function save(content) {
    said.textContent = "saving ...";
    try {
      const now = await ask(place);
      const theirs = lines(shown[kind](now));
      if (!same(theirs, lines(known))) {
        known = theirs;
        said.textContent = `NOT SAVED: meanwhile another grader has changed the ${kind} to "${theirs}". `;
        const instead = document.createElement("button");
        instead.textContent = `Save my ${kind} instead`;
        instead.addEventListener("click", () => field.dispatchEvent(new Event("change")));
        said.append(instead);
        return null;
      }
      const kept = kind === "points" ? { extra_credit: now.extra_credit } : {}; // formgrader's
      const saved = await ask(place, {
        method: "PUT",
        headers: { "Content-Type": "application/json", "X-XSRFToken": token() },
        body: JSON.stringify({ ...kept, ...content }),
      });
      known = shown[kind](saved);
      said.textContent = "saved";
      return saved;
    } catch (error) {
      said.textContent = `NOT SAVED: ${error.message}`;
      return null;
    }
  };
}

for (const one of document.querySelectorAll(".answer")) {
  const [points, comment, state] = [".points", ".comment", ".state"].map(name => one.querySelector(name));
  const [said, noted] = [".said", ".noted"].map(name => one.querySelector(name));
  const savePoints = saver("points", `grade/${one.dataset.grade}`, points, said);
  const saveComment = saver("comment", `comment/${one.dataset.comment}`, comment, noted);
  points.addEventListener("change", async () => {
    const given = points.value === "" ? null : parseFloat(points.value);
    if (given !== null && !(given >= 0 && given <= most)) {
      said.textContent = `NOT SAVED: give 0 to ${most} points`;
      return;
    }
    const grade = await savePoints({ manual_score: given });
    if (!grade) return;
    state.textContent = grade.needs_manual_grade ? "waits" : "graded";
    state.className = `label state ${grade.needs_manual_grade ? "wait" : "good"}`;
    count();
  });
  comment.addEventListener("change", () => saveComment({ manual_comment: comment.value }));
}
document.getElementById("names").addEventListener("change", event => document.body.classList.toggle("names", event.target.checked));
count();
