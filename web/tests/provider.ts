/** A provider: SIPp, which answers OPTIONS, registers an account that knows its password, and calls. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { House } from './house';
import { freePort, output, type Program, program } from './processes';

/** Its own address, by which its calls are known. */
const ADDRESS = '127.0.0.2';
const [USER, PASSWORD, NUMBER] = ['100001', 'geheim-van-voys', '+31201234567'];

export class Provider {
  private constructor(
    private readonly house: House,
    private readonly port: number,
    private readonly running: Program,
  ) {}

  static async opens(house: House): Promise<Provider> {
    const port = await freePort();
    const scenario = join(house.folder, 'provider.xml');
    writeFileSync(scenario, SCENARIO);
    const at = ['-i', ADDRESS, '-p', String(port), '-nostdin'];
    const running = program('sipp', ['-sf', scenario, ...at], house.folder, join(house.folder, 'sipp'));
    running.child.stdout?.resume();
    return new Provider(house, port, running);
  }

  /** What an operator imports to call over it. */
  trunk(name: string): string {
    return `[[trunk]]\nname = "${name}"\nhost = "${ADDRESS}:${this.port}"\ntransport = "udp"\noptions = "5s"\nregister = true
username = "${USER}"\npassword = "${PASSWORD}"\nnumbers = ["${NUMBER}"]\n`;
  }

  /** Somebody outside calls the number; what becomes of that call is not asked. */
  async calls(): Promise<void> {
    const at = ['-i', ADDRESS, '-p', String(await freePort()), '-nostdin'];
    const call = ['-sn', 'uac', '-s', NUMBER, '-m', '1', '-timeout', '5s', `127.0.0.1:${this.house.sip}`];
    await output('sipp', [...at, ...call], this.house.folder).catch(() => undefined);
  }

  /** It is gone, and says nothing to anybody. */
  async dies(): Promise<void> {
    this.running.child.kill('SIGKILL');
    await this.running.stop();
  }
}

const answer = (status: string, more = '', then = '') => `<send${then && ` next="${then}"`}><![CDATA[
SIP/2.0 ${status}
[last_Via:]
[last_From:]
[last_To:];tag=[pid]-[call_number]
[last_Call-ID:]
[last_CSeq:]
${more}Content-Length: 0

]]></send>`;

/** Who asks for its contacts without one of its own is told the last that was given. */
const SCENARIO = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="provider">
  <Global variables="contact"/>
  <recv request="REGISTER" optional="true" next="challenge"/>
  <recv request="OPTIONS"/>
  ${answer('200 OK', 'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\n', 'end')}
  <label id="challenge"/>
  ${answer('401 Unauthorized', 'WWW-Authenticate: Digest realm="provider.example", nonce="47ebe028cda119c3"\n')}
  <recv request="REGISTER">
    <action>
      <verifyauth assign_to="known" username="${USER}" password="${PASSWORD}"/>
      <ereg regexp="&lt;.*" search_in="hdr" header="Contact:" assign_to="given"/>
    </action>
  </recv>
  <nop next="taken" test="known"/>
  ${answer('403 Forbidden', '', 'end')}
  <label id="taken"/>
  <nop next="named" test="given"/>
  <nop next="told"/>
  <label id="named"/>
  <nop><action><assignstr assign_to="contact" value="[$given]"/></action></nop>
  <label id="told"/>
  ${answer('200 OK', 'Contact: [$contact];expires=600\n')}
  <label id="end"/>
</scenario>
`;
