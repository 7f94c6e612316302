"""multiply.py STORE NAME COUNT: copies a machine's record until the store has COUNT machines."""

import pathlib
import sys

store, name, count = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
record = (store / "machines" / name / "config.json").read_text()
for number in range(2, count + 1):
    folder = store / "machines" / f"m{number}"
    folder.mkdir()
    text = record.replace(f'"{name}"', f'"m{number}"').replace(f"/machines/{name}", f"/machines/m{number}")
    (folder / "config.json").write_text(text)
