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

async function put(place, content, said) {
  said.textContent = "saving ...";
  try {
    const kept = place.startsWith("grade/") ? { extra_credit: (await ask(place)).extra_credit } : {}; // formgrader's
    const saved = await ask(place, {
      method: "PUT",
      headers: { "Content-Type": "application/json", "X-XSRFToken": token() },
      body: JSON.stringify({ ...kept, ...content }),
    });
    said.textContent = "saved";
    return saved;
  } catch (error) {
    said.textContent = `NOT SAVED: ${error.message}`;
    return null;
  }
}

for (const one of document.querySelectorAll(".answer")) {
  const [points, comment, said, state] = [".points", ".comment", ".said", ".state"].map(name => one.querySelector(name));
  points.addEventListener("change", async () => {
    const given = points.value === "" ? null : parseFloat(points.value);
    if (given !== null && !(given >= 0 && given <= most)) {
      said.textContent = `NOT SAVED: give 0 to ${most} points`;
      return;
    }
    const grade = await put(`grade/${one.dataset.grade}`, { manual_score: given }, said);
    if (!grade) return;
    state.textContent = grade.needs_manual_grade ? "waits" : "graded";
    state.className = `label state ${grade.needs_manual_grade ? "wait" : "good"}`;
    count();
  });
  comment.addEventListener("change", () => put(`comment/${one.dataset.comment}`, { manual_comment: comment.value }, said));
}
document.getElementById("names").addEventListener("change", event => document.body.classList.toggle("names", event.target.checked));
count();
