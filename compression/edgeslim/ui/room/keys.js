// What makes a visitor of a room the same person again: a secret that this browser alone keeps, for each room.
export default function ({ data, setStateValue, parentElement }) {
  const name = `edgeslim.room.${data.room}`;
  let token = data.keep || (parentElement.room === data.room && parentElement.token) || "";
  try {
    if (data.keep) localStorage.setItem(name, data.keep);
    token = localStorage.getItem(name) ?? token;
  } catch {
    // storage is blocked: this tab remembers until it is closed
  }
  parentElement.room = data.room;
  parentElement.token = token;
  if (data.known !== token) setStateValue("found", { room: data.room, token });
}
