//! The call flows of RFC 3665, with this PBX in the place of registrar and proxies: what each phone sends and gets, message by
//! message. As a B2BUA it is a user agent to both sides, so an ACK and a BYE are answered on each leg.

mod registration_2_1_new;
mod registration_2_2_update_of_contact_list;
mod registration_2_3_request_for_contact_list;
mod registration_2_4_cancellation;
mod registration_2_5_unsuccessful;
mod session_3_10_no_response;
mod session_3_11_temporarily_unavailable;
mod session_3_1_establishment;
mod session_3_2_through_proxies;
mod session_3_3_proxy_authentication;
mod session_3_4_proxy_failure;
mod session_3_5_behind_nat;
mod session_3_6_sdp_in_ack;
mod session_3_7_reinvite;
mod session_3_8_no_answer;
mod session_3_9_busy;
