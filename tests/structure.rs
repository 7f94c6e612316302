//! The way through the code is one-way: no file, and no folder, imports what imports it.
//!
//! `cargo test --test structure -- --nocapture` prints which part of `src/` takes something from which.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Who imports whom, both as paths below `src/`.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// A source file: its module path (`cli::complete`), and its text without tests.
struct Module {
    file: String,
    text: String,
}

/// The modules of the crate by path; the root's is empty.
struct House {
    modules: BTreeMap<String, Module>,
    use_item: Regex,
    inline: Regex,
}

impl House {
    fn read() -> Self {
        let mut house = Self {
            modules: BTreeMap::new(),
            use_item: Regex::new(r"(?m)^[ \t]*(pub(?:\([^)]*\))? )?use ([^;]+);").expect("a pattern"),
            inline: Regex::new(r"\b(?:crate|super|self)(?:::[a-z_0-9]+)*::\w+").expect("a pattern"),
        };
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        house.add(&root, &root.join("lib.rs"), "");
        house
    }

    /// Reads a module and those that it declares, but for those that only tests see.
    fn add(&mut self, root: &Path, path: &Path, name: &str) {
        let whole = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let text = without_tests(&whole);
        let folder = match path.file_name().and_then(|file| file.to_str()) {
            Some("lib.rs" | "mod.rs") => path.parent().expect("a folder").to_owned(),
            _ => path.with_extension(""),
        };
        let declared = Regex::new(r"(?m)^(?:pub(?:\([^)]*\))? )?mod (\w+);").expect("a pattern");
        for child in declared.captures_iter(&text).map(|found| found[1].to_owned()) {
            let candidates: [PathBuf; 2] = [folder.join(format!("{child}.rs")), folder.join(&child).join("mod.rs")];
            let file = candidates.iter().find(|file| file.exists());
            let file = file.unwrap_or_else(|| panic!("no file of module {child} in {}", folder.display()));
            self.add(root, file, &join(name, &child));
        }
        let file = path.strip_prefix(root).expect("below src").display().to_string();
        self.modules.insert(name.to_owned(), Module { file, text });
    }

    /// The file that a path of names leads to from `module`, through re-exports.
    fn resolve(&self, module: &str, path: &str) -> Option<&str> {
        let mut names = path.split("::").peekable();
        let mut here = match names.peek()? {
            &"crate" => String::new(),
            &"self" => module.to_owned(),
            &"super" => parent(module),
            child if self.modules.contains_key(&join(module, child)) => join(module, child),
            _ => return None,
        };
        names.next();
        for name in names {
            match name {
                "super" => here = parent(&here),
                "self" => {}
                name if self.modules.contains_key(&join(&here, name)) => here = join(&here, name),
                name => return Some(self.definer(&here, name, 0)),
            }
        }
        Some(&self.modules[&here].file)
    }

    /// The file in which what `module` calls `name` is defined.
    fn definer(&self, module: &str, name: &str, depth: usize) -> &str {
        for (exported, path) in self.uses(module) {
            let called = path.rsplit("::").next().unwrap_or_default();
            let (source, item) = path.rsplit_once("::").unwrap_or(("self", path.as_str()));
            if !exported || called != name || depth > 4 {
                continue;
            }
            let first = source.split("::").next().unwrap_or_default();
            let from =
                if matches!(first, "crate" | "super" | "self") { source.to_owned() } else { format!("self::{source}") };
            if let Some(target) = self.module_of(module, &from) {
                return self.definer(&target, item, depth + 1);
            }
        }
        &self.modules[module].file
    }

    fn module_of(&self, module: &str, path: &str) -> Option<String> {
        let mut here = String::new();
        for (index, name) in path.split("::").enumerate() {
            here = match (index, name) {
                (0, "crate") => String::new(),
                (0, "self") => module.to_owned(),
                (0, "super") => parent(module),
                (_, "super") => parent(&here),
                (_, name) => join(&here, name),
            };
        }
        self.modules.contains_key(&here).then_some(here)
    }

    /// The paths of a module's `use` items, and whether they are handed on.
    fn uses(&self, module: &str) -> Vec<(bool, String)> {
        let items = self.use_item.captures_iter(&self.modules[module].text);
        items
            .flat_map(|item| {
                let exported = item.get(1).is_some();
                expand("", &item[2].replace(['\n', ' '], "")).into_iter().map(move |path| (exported, path))
            })
            .collect()
    }

    fn graph(&self) -> Graph {
        let mut graph = Graph::new();
        for (name, module) in &self.modules {
            let imported = self.uses(name).into_iter().filter(|(exported, _)| !exported).map(|(_, path)| path);
            let body = self.use_item.replace_all(&module.text, "").into_owned();
            let inline = self.inline.find_iter(&body).map(|found| found.as_str().to_owned());
            let imports = graph.entry(module.file.clone()).or_default();
            for path in imported.chain(inline) {
                imports.extend(self.resolve(name, &path).filter(|file| *file != module.file).map(str::to_owned));
            }
        }
        graph
    }
}

/// A file's text up to its tests, without comments.
fn without_tests(text: &str) -> String {
    let tests = Regex::new(r"(?m)^#\[cfg\(test\)\]\n(?:#\[[^\n]*\]\n)*(?:pub(?:\([^)]*\))? )?(?:mod \w+;|(?s:mod .*))")
        .expect("a pattern");
    let comments = Regex::new(r"(?m)^\s*//.*$").expect("a pattern");
    comments.replace_all(&tests.replace_all(text, ""), "").into_owned()
}

/// `a::{b, c::{d, self}}` as `a::b`, `a::c::d`, `a::c`; what is renamed keeps its own name.
fn expand(before: &str, tree: &str) -> Vec<String> {
    let tree = tree.split("as").next().filter(|_| tree.contains("as_")).unwrap_or(tree);
    let Some((head, rest)) = tree.split_once('{') else {
        let path = join(before, tree);
        return vec![path.strip_suffix("::self").map_or_else(|| path.clone(), str::to_owned)];
    };
    let before = join(before, head.trim_end_matches("::"));
    let inside = rest.strip_suffix('}').unwrap_or(rest);
    let (mut depth, mut start, mut paths) = (0, 0, Vec::new());
    for (at, letter) in inside.char_indices().chain([(inside.len(), ',')]) {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                paths
                    .extend(Some(&inside[start..at]).filter(|part| !part.is_empty()).map(|part| expand(&before, part)));
                start = at + 1;
            }
            _ => {}
        }
    }
    paths.into_iter().flatten().collect()
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() || name.is_empty() { format!("{path}{name}") } else { format!("{path}::{name}") }
}

fn parent(module: &str) -> String {
    module.rsplit_once("::").map_or_else(String::new, |(parent, _)| parent.to_owned())
}

/// The graph between the children of one folder: files below a child count as the child.
fn between_children(graph: &Graph, folder: &str) -> Graph {
    let child = |file: &str| {
        let rest = file.strip_prefix(folder)?;
        let name = rest.split('/').next()?;
        // The crate's own file only lists the others.
        (name != "lib.rs" && name != "main.rs").then(|| name.trim_end_matches(".rs").to_owned())
    };
    let mut children = Graph::new();
    for (file, imports) in graph {
        let Some(from) = child(file) else { continue };
        let to = imports.iter().filter_map(|file| child(file)).filter(|to| *to != from);
        children.entry(from.clone()).or_default().extend(to.collect::<Vec<_>>());
    }
    children
}

/// Groups of nodes that reach each other.
fn circles(graph: &Graph) -> Vec<Vec<String>> {
    let reached = |from: &str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from.to_owned()]);
        while let Some(node) = next.pop() {
            for to in graph.get(&node).into_iter().flatten() {
                if seen.insert(to.clone()) {
                    next.push(to.clone());
                }
            }
        }
        seen
    };
    let all: BTreeMap<&String, BTreeSet<String>> = graph.keys().map(|node| (node, reached(node))).collect();
    let mut found: BTreeSet<Vec<String>> = BTreeSet::new();
    for (node, reach) in all.iter().filter(|(node, reach)| reach.contains(**node)) {
        let mut members: Vec<String> =
            reach.iter().filter(|other| all.get(other).is_some_and(|back| back.contains(*node))).cloned().collect();
        members.sort();
        found.insert(members);
    }
    found.into_iter().collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "the graph is for whoever asks for it with --nocapture")]
fn nothing_imports_what_imports_it() {
    let house = House::read();
    let graph = house.graph();
    let mut folders: BTreeSet<String> = BTreeSet::from([String::new()]);
    for file in graph.keys() {
        let parts: Vec<&str> = file.split('/').collect();
        folders.extend((1..parts.len()).map(|depth| format!("{}/", parts[..depth].join("/"))));
    }
    for (part, imports) in between_children(&graph, "") {
        println!("{part:<10} -> {}", imports.into_iter().collect::<Vec<_>>().join(" "));
    }
    assert!(graph.len() > 100, "the files were not found: {}", graph.len());
    assert!(graph["commands/ls.rs"].contains("table.rs"), "imports were not understood: {:?}", graph["commands/ls.rs"]);
    let mut wrong: Vec<String> = circles(&graph).iter().map(|circle| format!("files: {}", circle.join(", "))).collect();
    for folder in folders {
        let parts = circles(&between_children(&graph, &folder));
        wrong.extend(parts.iter().map(|circle| format!("in src/{folder}: {}", circle.join(", "))));
    }
    assert!(wrong.is_empty(), "circles:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_registry_knows_a_driver() {
    let graph = House::read().graph();
    for driver in ["driver/amazonec2/", "driver/generic.rs", "driver/none.rs", "driver/plugin/"] {
        let knows = |imports: &BTreeSet<String>| imports.iter().any(|file| file.starts_with(driver));
        let importers = graph.iter().filter(|(file, imports)| !file.starts_with(driver) && knows(imports));
        assert_eq!(importers.map(|(file, _)| file.as_str()).collect::<Vec<_>>(), ["driver/registry.rs"], "{driver}");
    }
}

#[test]
fn a_circle_is_found() {
    let graph = |arrows: &[(&str, &str)]| {
        let mut graph = Graph::new();
        for (from, to) in arrows {
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    };
    assert_eq!(circles(&graph(&[("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")])), [["b", "c"]]);
    assert!(circles(&graph(&[("a", "b"), ("b", "c"), ("a", "c")])).is_empty());
    let files = graph(&[("x/a.rs", "y/b.rs"), ("y/c.rs", "x/d.rs")]);
    assert!(circles(&files).is_empty());
    assert_eq!(circles(&between_children(&files, "")), [["x", "y"]]);
    assert_eq!(expand("", "crate::{a::{self,b},c}"), ["crate::a", "crate::a::b", "crate::c"]);
}
