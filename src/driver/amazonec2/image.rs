//! Which image a machine is launched from, and what follows from it.

use super::api::Api;
use super::fields::Fields;
use super::model::Image;
use crate::console::Console;
use crate::error::{Error, Result};

/// Ubuntu's long-term releases by the names of their images, the one to take first. The names are Canonical's; the
/// owner must be asked for too, because others sell images of the same names.
const RELEASES: [&str; 3] =
    ["hvm-ssd-gp3/ubuntu-resolute-26.04", "hvm-ssd-gp3/ubuntu-noble-24.04", "hvm-ssd/ubuntu-jammy-22.04"];
/// Canonical in AWS's commercial regions, in `GovCloud` and in China.
const CANONICAL: [&str; 3] = ["099720109477", "513442679011", "837727238323"];
/// The root device if nobody may look at the image: Ubuntu's.
const ROOT_DEVICE: &str = "/dev/sda1";
/// Images older than this may have a cloud-init that cannot fetch keys with metadata tokens.
const TOKENS_SINCE: &str = "2020-07-01";
/// The size of the root volume if nobody names one, in GiB.
const ROOT_SIZE: i64 = 16;

/// What the name of an image begins with that EC2 itself looks up.
pub const BY_NAME: &str = "resolve:";

/// What was found for a machine.
#[derive(Debug)]
pub struct Found {
    /// As EC2 writes it: `x86_64`, `arm64`.
    architecture: String,
    /// `None`: it may not be looked at.
    image: Option<Image>,
}

/// Looks up the image, and the architecture of the instance types.
///
/// # Errors
/// There is no such image, or it does not fit the instance type.
pub async fn look(api: &Api, fields: &Fields) -> Result<Found> {
    let architecture = architecture(api, fields).await?;
    let image = if fields.ami.is_empty() {
        newest(api, fields, &architecture).await?
    } else {
        chosen(api, fields, &architecture).await?
    };
    Ok(Found { architecture, image })
}

/// Keeps the image and what follows from it.
///
/// # Errors
/// The root volume that was asked for cannot hold the image.
pub fn keep(console: &Console, fields: &mut Fields, found: Found) -> Result<()> {
    fields.architecture = found.architecture;
    match (found.image, fields.ami.is_empty()) {
        (Some(image), true) => {
            console.say(format!("Using image {} ({})", image.id, short_name(&image.name)));
            take(fields, image)?;
            require_tokens(fields);
        }
        (None, true) => {
            fields.ami = parameter(&fields.architecture);
            console.say(format!("Using image {}", fields.ami));
            require_tokens(fields);
        }
        (Some(image), false) => {
            let knows_tokens = knows_tokens(console, fields, &image);
            take(fields, image)?;
            if knows_tokens {
                require_tokens(fields);
            } else {
                fields.metadata_hops = None;
            }
        }
        (None, false) => {}
    }
    // Of an image that nobody may look at EC2 will say whether it fits.
    if fields.device_name.is_empty() {
        ROOT_DEVICE.clone_into(&mut fields.device_name);
    }
    Ok(())
}

fn take(fields: &mut Fields, image: Image) -> Result<()> {
    fields.ami = image.id;
    if fields.device_name.is_empty() {
        fields.device_name = image.root_device;
    }
    fields.other_devices = Some(image.other_devices).filter(|devices| !devices.is_empty());
    fields.root_size = root_size(fields.root_size, i64::from(image.root_size))?;
    Ok(())
}

fn require_tokens(fields: &mut Fields) {
    if fields.metadata_token_setting.is_empty() {
        "required".clone_into(&mut fields.metadata_token_setting);
    }
}

/// Canonical's public parameter with the newest image, for whoever may not look for images: EC2 looks it up.
fn parameter(architecture: &str) -> String {
    let release = RELEASES[0].rsplit('-').next().unwrap_or_default();
    let arch = canonicals_name(architecture);
    format!("{BY_NAME}ssm:/aws/service/canonical/ubuntu/server/{release}/stable/current/{arch}/hvm/ebs-gp3/ami-id")
}

fn canonicals_name(architecture: &str) -> &'static str {
    if architecture == "arm64" { "arm64" } else { "amd64" }
}

/// The root volume must hold the image.
fn root_size(asked: i64, image: i64) -> Result<i64> {
    match asked < image {
        true if asked != ROOT_SIZE => {
            Err(Error::msg(format!("--amazonec2-root-size {asked} is smaller than the image: it needs {image} GiB")))
        }
        true => Ok(image),
        false => Ok(asked),
    }
}

fn short_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// An image from before metadata tokens is launched as in its days, unless the user decides.
fn knows_tokens(console: &Console, fields: &Fields, image: &Image) -> bool {
    let is_old = !image.created.is_empty() && image.created.as_str() < TOKENS_SINCE;
    let is_launched_as_then = is_old && fields.metadata_token_setting.is_empty();
    if is_launched_as_then {
        console.warn(format!(
            "image {} is of {}: metadata tokens are not required, as its cloud-init may not know them",
            image.id,
            image.created.get(..10).unwrap_or(&image.created)
        ));
    }
    !is_launched_as_then
}

/// The architecture that all wanted types have.
async fn architecture(api: &Api, fields: &Fields) -> Result<String> {
    let mut all: Vec<(String, String)> = Vec::new();
    for name in std::iter::once(&fields.instance_type).chain(fields.instance_types.iter().flatten()) {
        let found = match api.architectures(name).await {
            Ok(all) if !all.is_empty() => {
                if all.iter().any(|one| one == "arm64") {
                    "arm64"
                } else {
                    "x86_64"
                }
            }
            Ok(_) => by_name(name),
            Err(error) if error.is_denied() => by_name(name),
            Err(error) => return Err(error.into()),
        };
        all.push((name.clone(), found.to_owned()));
    }
    let (first, architecture) = &all[0];
    match all.iter().find(|(_, other)| other != architecture) {
        Some((name, other)) => Err(Error::msg(format!(
            "instance types {first} ({architecture}) and {name} ({other}) need different images"
        ))),
        None => Ok(architecture.clone()),
    }
}

/// The architecture by the name of the family: Graviton's have a `g` after the generation's number.
fn by_name(instance_type: &str) -> &'static str {
    let family = instance_type.split('.').next().unwrap_or_default();
    let suffix =
        family.trim_start_matches(|c: char| c.is_ascii_alphabetic()).trim_start_matches(|c: char| c.is_ascii_digit());
    let suffix = suffix.split('-').next().unwrap_or_default();
    if family == "a1" || suffix.contains('g') { "arm64" } else { "x86_64" }
}

/// The newest long-term release of Ubuntu; `None`: it may not be looked for.
async fn newest(api: &Api, fields: &Fields, architecture: &str) -> Result<Option<Image>> {
    let arch = canonicals_name(architecture);
    let names: Vec<String> =
        RELEASES.iter().map(|release| format!("ubuntu/images/{release}-{arch}-server-*")).collect();
    let one = |text: &str| [text.to_owned()];
    let filters: [(&str, &[String]); 5] = [
        ("name", &names),
        ("architecture", &one(architecture)),
        ("state", &one("available")),
        ("root-device-type", &one("ebs")),
        ("virtualization-type", &one("hvm")),
    ];
    let hint = "name an image with --amazonec2-ami";
    match api.images(canonical(&fields.region), &filters).await {
        Ok(images) => pick(images).map(Some).ok_or_else(|| {
            Error::msg(format!("no Ubuntu image for {arch} was found in region {}", fields.region)).hint(hint)
        }),
        Err(error) if error.is_denied() => Ok(None),
        Err(error) => Err(Error::from(error).context("the newest Ubuntu image cannot be looked up").hint(hint)),
    }
}

fn canonical(region: &str) -> &'static str {
    match region {
        gov if gov.starts_with("us-gov-") => CANONICAL[1],
        china if china.starts_with("cn-") => CANONICAL[2],
        _ => CANONICAL[0],
    }
}

/// The newest image of the first release that there is.
fn pick(images: Vec<Image>) -> Option<Image> {
    let rank =
        |image: &Image| RELEASES.iter().position(|release| image.name.contains(release)).unwrap_or(RELEASES.len());
    images.into_iter().min_by(|one, other| rank(one).cmp(&rank(other)).then(other.created.cmp(&one.created)))
}

/// The user's image; `None`: it may not be looked at, or only EC2 can.
async fn chosen(api: &Api, fields: &Fields, architecture: &str) -> Result<Option<Image>> {
    if fields.ami.starts_with(BY_NAME) {
        return Ok(None);
    }
    let image = match api.image(&fields.ami).await {
        Ok(found) => found,
        Err(error) if error.is_denied() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let image = image.ok_or_else(|| Error::msg(format!("AMI {} not found on region {}", fields.ami, fields.region)))?;
    if !image.architecture.is_empty() && image.architecture != architecture {
        return Err(Error::msg(format!(
            "image {} is for {}, but instance type {} is {architecture}",
            image.id, image.architecture, fields.instance_type
        )));
    }
    Ok(Some(image))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn graviton_is_known_by_its_name() {
        for name in [
            "a1.large",
            "t4g.micro",
            "m6gd.large",
            "c7gn.xlarge",
            "r8g.large",
            "x2gd.medium",
            "im4gn.large",
            "hpc7g.4xlarge",
            "g5g.xlarge",
        ] {
            assert_eq!(by_name(name), "arm64", "{name}");
        }
        for name in
            ["t3.micro", "g4dn.xlarge", "g5.xlarge", "g6e.xlarge", "gr6.4xlarge", "m7i-flex.large", "u-6tb1.metal"]
        {
            assert_eq!(by_name(name), "x86_64", "{name}");
        }
    }

    #[test]
    fn the_parameter_is_the_one_of_the_newest_release() {
        let name = |arch| {
            format!("resolve:ssm:/aws/service/canonical/ubuntu/server/26.04/stable/current/{arch}/hvm/ebs-gp3/ami-id")
        };
        assert_eq!(parameter("x86_64"), name("amd64"));
        assert_eq!(parameter("arm64"), name("arm64"));
    }

    #[test]
    fn the_newest_image_of_the_newest_release_is_taken() {
        let image = |release: usize, created: &str| Image {
            id: format!("ami-{release}-{created}"),
            name: format!("ubuntu/images/{}-amd64-server-{created}", RELEASES[release]),
            created: created.into(),
            ..Image::default()
        };
        let all = vec![image(2, "2026-09-01"), image(1, "2026-01-01"), image(1, "2026-08-01"), image(1, "2025-01-01")];
        assert_eq!(pick(all).unwrap().id, "ami-1-2026-08-01");
        assert_eq!(pick(Vec::new()), None);
    }

    #[test]
    fn the_root_volume_grows_to_the_image_unless_its_size_was_chosen() {
        assert_eq!(root_size(16, 8).unwrap(), 16);
        assert_eq!(root_size(16, 30).unwrap(), 30);
        assert_eq!(root_size(50, 30).unwrap(), 50);
        assert!(root_size(20, 30).is_err());
    }
}
