//! What phones say in the middle of a call: other codecs, no offer at all, a fax, a refreshed session, digits by INFO.

use super::Codec;
use super::call::Call;
use super::message::Message;
use super::sdp::Direction;
use super::state::State;

impl Call {
    /// A re-INVITE that offers these codecs; the final response's code. The phone keeps to them from then on.
    #[track_caller]
    pub fn change_codecs(&self, codecs: &[Codec]) -> u16 {
        self.agent.lock().settings.codecs = codecs.to_vec();
        self.reinvite(Direction::SendRecv)
    }

    /// A re-INVITE without an offer: the other side makes one, and the ACK answers it.
    #[track_caller]
    pub fn reinvite_without_offer(&self) -> u16 {
        self.ask(|call| call.request("INVITE"))
    }

    /// An UPDATE with a description, as the same call goes on.
    #[track_caller]
    pub fn update(&self) -> u16 {
        let response = self.agent.request(|state| {
            let State { calls, settings, .. } = state;
            let call = calls.get_mut(&self.id).expect("a call of this phone");
            let sdp = call.description(settings, "");
            call.dialog.request("UPDATE").with_body("application/sdp", sdp)
        });
        response.status().unwrap_or(0)
    }

    /// A re-INVITE that offers a fax (T.38) instead of audio.
    #[track_caller]
    pub fn offer_fax(&self) -> u16 {
        let ip = self.agent.lock().settings.address.ip();
        let sdp = format!(
            "v=0\r\no=kit 1 99 IN IP4 {ip}\r\ns=kit\r\nc=IN IP4 {ip}\r\nt=0 0\r\n\
             m=image 4000 udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\n\
             a=T38FaxRateManagement:transferredTCF\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n"
        );
        self.ask(|call| call.request("INVITE").with_body("application/sdp", sdp))
    }

    /// Refreshes the session as its refresher, by UPDATE or by re-INVITE.
    #[track_caller]
    pub fn refresh(&self, method: &str, expires: u32) -> u16 {
        let response = self.agent.request(|state| {
            let State { calls, settings, .. } = state;
            let call = calls.get_mut(&self.id).expect("a call of this phone");
            let refresh = call.dialog.request(method);
            let refresh = refresh
                .with("Session-Expires", format!("{expires};refresher=uac"))
                .with("Supported", "timer");
            match method {
                "INVITE" => {
                    let sdp = call.description(settings, "");
                    refresh.with_body("application/sdp", sdp)
                }
                _ => refresh,
            }
        });
        response.status().unwrap_or(0)
    }

    /// A digit by INFO.
    #[track_caller]
    pub fn info_digit(&self, digit: char) -> u16 {
        let body = format!("Signal={digit}\r\nDuration=160\r\n");
        self.ask(|call| call.request("INFO").with_body("application/dtmf-relay", body))
    }

    #[track_caller]
    fn ask(&self, make: impl FnOnce(&mut super::dialog::Dialog) -> Message) -> u16 {
        let response = self.agent.request(|state| {
            make(&mut state.calls.get_mut(&self.id).expect("a call of this phone").dialog)
        });
        response.status().unwrap_or(0)
    }
}
