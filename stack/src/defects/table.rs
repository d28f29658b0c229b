//! The table of the seeded defects: name, what the shop does wrong, where it was reported in a real project.

macro_rules! defects {
    ($($defect:ident $slug:literal $summary:literal $origin:literal;)*) => {
        /// A mistake that the shop can be told to make. All are off by default.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Defect {
            $(#[doc = $summary] $defect,)*
        }

        impl Defect {
            /// Every defect, in the order of the documentation.
            pub const ALL: [Self; [$($slug),*].len()] = [$(Self::$defect),*];

            /// The name on the command line and in documents.
            #[must_use]
            pub const fn slug(self) -> &'static str {
                match self {
                    $(Self::$defect => $slug,)*
                }
            }

            /// What the shop does wrong.
            #[must_use]
            pub const fn summary(self) -> &'static str {
                match self {
                    $(Self::$defect => $summary,)*
                }
            }

            /// Where it was reported in a real project.
            #[must_use]
            pub const fn origin(self) -> &'static str {
                match self {
                    $(Self::$defect => $origin,)*
                }
            }
        }
    };
}

defects! {
    FreshKeyPerRetry "fresh-key-per-retry"
        "every retry of a charge mints a new idempotency key"
        "stripe clients with a retry around them; akash-network/console PR 3449";
    CaptureRowDeletedOnError "capture-row-deleted-on-error"
        "the payment row is deleted on an error, so the retry starts anew"
        "medusa 16292";
    KeyHashesVolatilePayload "key-hashes-volatile-payload"
        "the key is a hash over a payload that holds a timestamp"
        "adyen-commercetools 1305";
    RetryLayerOverwritesKey "retry-layer-overwrites-key"
        "an HTTP retry layer replaces the caller's key"
        "stripe-php 637";
    ChargeBeforeRecoveryPoint "charge-before-recovery-point"
        "nothing is stored before the charge, so after a crash the repeated request charges anew"
        "woocommerce-gateway-stripe 3638";
    ReadTimeoutMeansFailed "read-timeout-means-failed"
        "the read after the charge times out, the order is failed, a scheduler charges again"
        "woocommerce-gateway-stripe PR 3444";
    WebhookAndCheckoutBothPay "webhook-and-checkout-both-pay"
        "webhook completes one payment while the checkout creates another"
        "saleor 19220";
    GuardInOpenTransaction "guard-in-open-transaction"
        "the processing guard is set inside a transaction not yet committed"
        "spree PR 4499";
    ParallelPaymentsActive "parallel-payments-active"
        "two payments for one checkout can both be active"
        "saleor 11133, spree 9265";
    CallbackCapturesAgain "callback-captures-again"
        "each repeated callback captures"
        "checkout-magento2-plugin 50";
    FindOrCreateWithoutIndex "find-or-create-without-index"
        "API and webhook both find or create, no unique index"
        "spree PR 13938";
    CartOrderedTwice "cart-ordered-twice"
        "the cart is claimed after the payment, so a second tab makes a second order"
        "magento2 13952, 10767";
    OrderBeforeClaim "order-before-claim"
        "the order is stored before the session is claimed"
        "woocommerce 62659";
    CheckThenActOnOrder "check-then-act-on-order"
        "whether the order exists is asked, then acted on, without a lock"
        "PrestaShop 16490";
    CartReadOutsideLock "cart-read-outside-lock"
        "the cart is read before the lock is taken"
        "shopware 19943";
    BothTabsPaid "both-tabs-paid"
        "the provider's answer to a duplicate marks the second tab's order paid too"
        "nopCommerce 5131";
    WebhookErrorSwallowed "webhook-error-swallowed"
        "an exception in the webhook is answered 200; the customer buys again"
        "ps_checkout PR 1546";
    SharedOrderNumber "shared-order-number"
        "two customers can get one order number"
        "bagisto 3902";
    StockGoneAfterCharge "stock-gone-after-charge"
        "stock is checked after the charge, and the charge is kept"
        "vendure 3065, openfoodnetwork 3925";
    LockWaitLosesOrder "lock-wait-loses-order"
        "a lock-wait timeout drops the paid order"
        "magento2 25862";
    CompensationRefundsGoodOrder "compensation-refunds-good-order"
        "confirm and webhook race; the loser refunds"
        "medusa 13301";
    HoldTimerCancelsPaidOrder "hold-timer-cancels-paid-order"
        "the stock-hold timer cancels an order whose payment is under way"
        "woocommerce 20928";
    UnknownForcedToFailed "unknown-forced-to-failed"
        "a payment whose answer was lost is stored as failed, for good"
        "hyperswitch PR 2380";
    LateFailureOverwritesSuccess "late-failure-overwrites-success"
        "a late failure event overwrites a paid order"
        "adyen-shopware6 311";
    FailureWebhookIgnored "failure-webhook-ignored"
        "failure events are ignored, the order is pending for ever"
        "medusa 16398";
    ExpiredAuthorisationShips "expired-authorisation-ships"
        "an order ships after its authorisation expired"
        "woocommerce-gateway-stripe 1378";
    CancelledOrderCaptured "cancelled-order-captured"
        "a cancelled order can still be captured"
        "woocommerce-payments 5605";
    ConcurrentRefundsAddUp "concurrent-refunds-add-up"
        "two refunds are checked against the same remainder"
        "hyperswitch 13182";
    RefundWebhookCountedTwice "refund-webhook-counted-twice"
        "the refund's webhook and the API's answer each book it"
        "woocommerce-gateway-stripe 838";
    RefundKeyRotates "refund-key-rotates"
        "each retry of a refund mints a new key"
        "medusa 16681";
    CheckThenDecrement "check-then-decrement"
        "stock is read in one transaction and written as read minus quantity in another"
        "vendure 3508, magento2 11488, Sylius 2776";
    StockReturnedTwice "stock-returned-twice"
        "a failed payment gives stock back twice"
        "magento2 19482";
    CouponOverspent "coupon-overspent"
        "the coupon's limit is checked at the start and its use counted after the order"
        "saleor 544, spree 11284";
    StalePaymentAmount "stale-payment-amount"
        "the payment keeps the amount from before the cart changed"
        "woocommerce-gateway-stripe PR 4093";
    MinorUnitsTwice "minor-units-twice"
        "amounts are multiplied by 100 on the way out and divided on the way back"
        "InvoicePlane 1677";
    TaxOutageIsZero "tax-outage-is-zero"
        "a tax outage becomes tax 0, not to be told from a true 0"
        "saleor 12685, ClassyLlama_AvaTax 125";
    AmbiguousAnswerIsFinal "ambiguous-answer-is-final"
        "a connection failure is stored as the key's final answer; the recovery job skips it"
        "rocket-rides-atomic";
    ProviderCallInTransaction "provider-call-in-transaction"
        "the provider is called inside the open database transaction"
        "rocket-rides-atomic";
}
