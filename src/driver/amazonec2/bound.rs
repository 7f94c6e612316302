//! How much of an answer is read: whoever answers in EC2's place, or means no good, does not fill the memory.

use std::error::Error as StdError;
use std::iter::successors;
use std::mem::replace;

use aws_sdk_ec2::config::interceptors::{BeforeDeserializationInterceptorContextMut, InterceptorContext};
use aws_sdk_ec2::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_ec2::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ec2::error::BoxError;
use aws_smithy_types::body::SdkBody;
use http_body_util::{LengthLimitError, Limited};

/// EC2's longest answers, a thousand instances or all images of a publisher, are a few MiB.
const LIMIT_MIB: usize = 32;

/// Ends answers that are too long, and does not ask for them again.
#[derive(Clone, Copy, Debug)]
pub struct Bound;

impl Intercept for Bound {
    fn name(&self) -> &'static str {
        "bound of answers"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        let whole = replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(Limited::new(whole, LIMIT_MIB << 20));
        Ok(())
    }
}

impl ClassifyRetry for Bound {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match context.output_or_error() {
            Some(Err(error)) if too_long(error).is_some() => RetryAction::RetryForbidden,
            _ => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "bound of answers"
    }
}

/// What is said of an answer that was too long, if that is why a call failed.
pub fn too_long(error: &(dyn StdError + 'static)) -> Option<String> {
    let mut causes = successors(Some(error), |cause| StdError::source(*cause));
    let is_it = causes.any(|cause| cause.downcast_ref::<LengthLimitError>().is_some());
    is_it.then(|| format!("the answer is longer than {LIMIT_MIB} MiB, which is none of EC2's; is the endpoint right?"))
}
